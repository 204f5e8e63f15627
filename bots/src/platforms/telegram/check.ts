import { Telegram } from 'telegraf';
import type { Finding } from '../../contract/adapter.ts';
import { TelegramError } from './errors.ts';
import { clientOptions, TelegramApi } from './outbound/bot-api.ts';
import type { TelegramSettings } from './settings.ts';

const takeOwnBot = 'Make a bot of its own for HQ with /newbot at BotFather.';

/** What is right and wrong with this bot, in one sentence each. */
export async function checkTelegram(settings: TelegramSettings): Promise<readonly Finding[]> {
  const api = new TelegramApi(new Telegram(settings.token, clientOptions(settings.apiRoot)), settings.token);
  try {
    const me = await api.call('getMe', {});
    const findings: Finding[] = [{ ok: true, sentence: `Telegram knows the bot as @${me.username}.` }];
    if (me.can_join_groups === false) {
      findings.push({
        ok: false,
        sentence: 'The bot cannot be added to groups.',
        hint: 'Allow it with /setjoingroups at BotFather, unless direct chats are all you want.',
      });
    }
    if (me.can_read_all_group_messages === true) {
      findings.push({
        ok: false,
        sentence: 'Privacy mode is off, so Telegram hands the bot everything that is said in its groups.',
        hint: 'Turn it on with /setprivacy at BotFather: commands and replies are all that HQ needs.',
      });
    }
    return [...findings, await checkIngress(api, settings)];
  } catch (error) {
    return [explain(error)];
  }
}

async function checkIngress(api: TelegramApi, { webhook }: TelegramSettings): Promise<Finding> {
  const { url, last_error_message } = await webhookInfo(api);
  const standing = url === undefined || url === '' ? null : url;
  if (standing !== null && standing !== webhook?.url) {
    return {
      ok: false,
      sentence: `A webhook is set for this bot at ${new URL(standing).host}.`,
      hint: `HQ takes it away when it starts. If another program needs it: ${takeOwnBot}`,
    };
  }
  if (webhook !== null) {
    if (standing === null) return { ok: true, sentence: 'No webhook is set yet; HQ sets it when it starts.' };
    return last_error_message === undefined
      ? { ok: true, sentence: 'Telegram reaches the webhook.' }
      : {
          ok: false,
          sentence: `Telegram could not bring the last update: ${last_error_message}.`,
          hint: 'See that the address reaches this host, by https on port 443, 80, 88 or 8443.',
        };
  }
  return await checkPolling(api);
}

/** A server of one's own may not know of webhooks; the token has been accepted by then. */
async function webhookInfo(api: TelegramApi): Promise<{ url?: string; last_error_message?: string }> {
  try {
    return await api.call('getWebhookInfo', {});
  } catch (error) {
    if (!(error instanceof TelegramError) || error.code !== 404) throw error;
    return {};
  }
}

/** One look into the queue, which takes nothing out of it. */
async function checkPolling(api: TelegramApi): Promise<Finding> {
  try {
    await api.call('getUpdates', { limit: 1, timeout: 0 });
    return { ok: true, sentence: 'Updates can be fetched, and no other process fetches them.' };
  } catch (error) {
    if (!(error instanceof TelegramError) || error.code !== 409) throw error;
    return {
      ok: false,
      sentence: 'Another process fetches the updates of this bot.',
      hint: `Unless that is HQ itself: ${takeOwnBot}`,
    };
  }
}

function explain(error: unknown): Finding {
  if (!(error instanceof TelegramError)) throw error;
  if (error.code === 401 || error.code === 404) {
    return {
      ok: false,
      sentence: 'Telegram does not accept the bot token.',
      hint: 'Take the token that BotFather shows with /token.',
    };
  }
  return {
    ok: false,
    sentence: `The Bot API could not be asked: ${error.message}.`,
    hint: 'See whether this host reaches api.telegram.org, or what TELEGRAM_API_ROOT says.',
  };
}
