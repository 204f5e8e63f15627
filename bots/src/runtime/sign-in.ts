import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { backoffMs, sleep } from '@hq/shared/program';
import { createChatApi, isUnreachable } from '../core/api/chat-api.ts';
import type { Environment } from './environment.ts';

const retry = { firstMs: 1_000, longestMs: 10_000 };

/** Signs in as soon as the database answers, because the bots may start before it does. Ends early at the signal. */
export async function signInWithRetry(
  client: HqClient,
  env: Environment,
  log: Log,
  stopSignal: AbortSignal,
): Promise<void> {
  for (let tries = 1; !stopSignal.aborted; tries += 1) {
    try {
      await client.signIn(env.HQ_BOT_EMAIL, env.HQ_BOT_PASSWORD);
      await client.whoami();
      await assertBotAccount(client);
      return;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (tries === 1) log.error({ hint: error.hint }, error.message);
      await sleep(backoffMs(tries, retry), stopSignal);
    }
  }
}

/** Throws an `HqError` of code `usage` for an account that is not a chat bot. Changes nothing. */
export async function assertBotAccount(client: HqClient): Promise<void> {
  try {
    await createChatApi(client).check();
  } catch (error) {
    if (!(error instanceof HqError) || error.code !== 'refused') throw error;
    const { message, hint, cause } = error;
    throw new HqError('usage', message, {
      field: 'HQ_BOT_EMAIL',
      ...(hint !== undefined && { hint }),
      cause,
    });
  }
}

export async function signInAgain(client: HqClient, env: Environment, log: Log): Promise<void> {
  try {
    await client.signIn(env.HQ_BOT_EMAIL, env.HQ_BOT_PASSWORD);
  } catch (error) {
    log.error({ err: error }, 'the bot’s account cannot sign in');
  }
}
