import { setTimeout as delay } from 'node:timers/promises';
import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { createChatApi, isUnreachable } from '../core/api/chat-api.ts';
import type { Environment } from './environment.ts';

/** The bots may come up before their database does. Ends early when somebody wants them to stop. */
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
      const pauseMs = Math.min(10_000, 500 * 2 ** Math.min(tries, 5));
      await delay(pauseMs, undefined, { signal: stopSignal }).catch(() => undefined);
    }
  }
}

/** Throws for an account that may not speak for anybody. Reads, and changes nothing. */
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
