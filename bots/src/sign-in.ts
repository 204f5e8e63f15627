import { setTimeout as delay } from 'node:timers/promises';
import type { HqClient } from '@hq/shared/client';
import type { Log } from '@hq/shared/log';
import { isAway } from './core/chat-hq.ts';
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
      return;
    } catch (error) {
      if (!isAway(error)) throw error;
      if (tries === 1) log.error({ hint: error.hint }, error.message);
      const pauseMs = Math.min(10_000, 500 * 2 ** Math.min(tries, 5));
      await delay(pauseMs, undefined, { signal: asked }).catch(() => undefined);
    }
  }
}

export async function signInAgain(client: HqClient, env: Environment, log: Log): Promise<void> {
  try {
    await client.signIn(env.HQ_BOT_EMAIL, env.HQ_BOT_PASSWORD);
  } catch (error) {
    log.error({ err: error }, 'the bot’s account cannot sign in');
  }
}
