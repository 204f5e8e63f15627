import { setTimeout as delay } from 'node:timers/promises';
import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { createChatHq, isAway } from '../core/api/chat-api.ts';
import type { Environment } from './environment.ts';

/** The bots may come up before their database does. Ends early when somebody wants them to stop. */
export async function signInWithPatience(
  client: HqClient,
  env: Environment,
  log: Log,
  asked: AbortSignal,
): Promise<void> {
  for (let tries = 1; !asked.aborted; tries += 1) {
    try {
      await client.signIn(env.HQ_BOT_EMAIL, env.HQ_BOT_PASSWORD);
      await client.whoami();
      await seeThatItIsABot(client);
      return;
    } catch (error) {
      if (!isAway(error)) throw error;
      if (tries === 1) log.error({ hint: error.hint }, error.message);
      const pauseMs = Math.min(10_000, 500 * 2 ** Math.min(tries, 5));
      await delay(pauseMs, undefined, { signal: asked }).catch(() => undefined);
    }
  }
}

/** Throws for an account that may not speak for anybody. Reads, and changes nothing. */
export async function seeThatItIsABot(client: HqClient): Promise<void> {
  try {
    await createChatHq(client).watch('slack');
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
