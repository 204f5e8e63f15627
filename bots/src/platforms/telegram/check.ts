import { Telegram } from 'telegraf';
import type { Finding } from '../../contract/adapter.ts';
import { failed, passed } from '../finding.ts';
import { TelegramError } from './errors.ts';
import { type BotApi, clientOptions, createBotApi } from './outbound/bot-api.ts';
import type { TelegramSettings } from './settings.ts';

const createOwnBot = 'Create a separate bot for HQ with /newbot at BotFather.';

/** Checks the bot and its connection without changing anything at Telegram. */
export async function checkTelegram(settings: TelegramSettings): Promise<readonly Finding[]> {
  const api = createBotApi(new Telegram(settings.token, clientOptions(settings.apiRoot)), settings.token);
  try {
    const me = await api('getMe', {});
    const findings = [passed(`Telegram knows the bot as @${me.username}.`)];
    if (me.can_join_groups === false) {
      findings.push(
        failed(
          'The bot cannot be added to groups.',
          'Allow it with /setjoingroups at BotFather, unless you need direct chats alone.',
        ),
      );
    }
    if (me.can_read_all_group_messages === true) {
      findings.push(
        failed(
          'Privacy mode is off, so Telegram sends the bot every message of its groups.',
          'Turn it on with /setprivacy at BotFather: HQ needs commands and replies alone.',
        ),
      );
    }
    return [...findings, await checkConnection(api, settings)];
  } catch (error) {
    return [explain(error)];
  }
}

async function checkConnection(api: BotApi, { webhook }: TelegramSettings): Promise<Finding> {
  const { url = '', last_error_message: lastError } = await getWebhookInfo(api);
  if (url !== '' && url !== webhook?.url) {
    return failed(
      `A webhook is set for this bot at ${new URL(url).host}.`,
      `HQ replaces it when it starts. If another program needs it: ${createOwnBot}`,
    );
  }
  if (webhook === null) return checkPolling(api);
  if (url === '') return passed('No webhook is set yet; HQ sets it when it starts.');
  return lastError === undefined
    ? passed('Telegram reaches the webhook.')
    : failed(
        `Telegram could not deliver the last update: ${lastError}.`,
        'Check that the address reaches this host, by https on port 443, 80, 88 or 8443.',
      );
}

/** A server other than Telegram's may not support webhooks; it has accepted the token by then. */
async function getWebhookInfo(api: BotApi): Promise<{ url?: string; last_error_message?: string }> {
  try {
    return await api('getWebhookInfo', {});
  } catch (error) {
    if (!(error instanceof TelegramError) || error.code !== 404) throw error;
    return {};
  }
}

/** Polls once without an offset, which confirms no update. */
async function checkPolling(api: BotApi): Promise<Finding> {
  try {
    await api('getUpdates', { limit: 1, timeout: 0 });
    return passed('Updates can be polled, and no other process polls them.');
  } catch (error) {
    if (!(error instanceof TelegramError) || error.code !== 409) throw error;
    return failed(
      'Another process polls the updates of this bot.',
      `Unless that is HQ itself: ${createOwnBot}`,
    );
  }
}

function explain(error: unknown): Finding {
  if (!(error instanceof TelegramError)) throw error;
  return error.code === 401 || error.code === 404
    ? failed('Telegram does not accept the bot token.', 'Copy the token that BotFather shows with /token.')
    : failed(
        `The Bot API could not be asked: ${error.message}.`,
        'Check that this host reaches api.telegram.org, or the address in TELEGRAM_API_ROOT.',
      );
}
