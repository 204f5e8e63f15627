import { catalogue } from '@hq/shared/actions';
import { connect, type HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { serveHealth } from '@hq/shared/program';
import type { Redactor } from '@hq/shared/text';
import type { Configured, PlatformModule } from '../contract/adapter.ts';
import { createAlertEngine } from '../core/alerts/alert-engine.ts';
import { isUnreachable } from '../core/api/chat-api.ts';
import { type Core, createCore } from '../core/core.ts';
import { createRepeater } from '../core/repeater.ts';
import { collectWhenIdle } from './collect-when-idle.ts';
import type { Environment } from './environment.ts';
import { buildHealth, type HealthAnswer, healthLines } from './health.ts';
import { createPlatformRuntime, type PlatformRuntime } from './platform-runtime.ts';
import { signInAgain, signInWithRetry } from './sign-in.ts';
import { createTokenHolder } from './token-holder.ts';
import { TokenLease } from './token-lease.ts';

export interface RunOptions {
  readonly env: Environment;
  /** The platforms that are configured. */
  readonly platforms: readonly { readonly module: PlatformModule; readonly configured: Configured }[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The program of an adapter's worker. */
  readonly worker: URL;
  readonly redactor: Redactor;
  readonly log: Log;
  /** May abort before the start has ended. */
  readonly stopSignal: AbortSignal;
}

const drainMs = 10_000;

/** The state that health answers report. */
interface RunState {
  /** Epoch milliseconds; 0 before the first answer. */
  lastAnswerAt: number;
  isStopping: boolean;
}

/** Starts the configured platforms. Resolves when the account is signed in; adapters connect afterwards. */
export async function runBots(options: RunOptions) {
  const { env, log, redactor, stopSignal } = options;
  const client = connect({ url: env.SUPABASE_URL, anonKey: env.SUPABASE_ANON_KEY, timeoutMs: 15_000 });
  const runtimes = options.platforms.map(({ module, configured }) =>
    createPlatformRuntime(module, configured, options),
  );
  const platforms = runtimes.map(({ platform }) => platform);
  const state: RunState = { lastAnswerAt: 0, isStopping: false };
  const health = (): HealthAnswer => buildHealth(runtimes, ({ platform }) => core.unsent(platform), state);
  const core: Core = createCore({
    client,
    actions: catalogue,
    redactor,
    log,
    health: () => healthLines(health()),
  });
  const server = await serveHealth(env.HEALTH_PORT, health);
  log.info({ port: server.port, platforms }, 'starting');
  await Promise.all(runtimes.map(({ adapter }) => adapter.open()));
  for (const runtime of runtimes) attach(core, runtime, log);
  await signInWithRetry(client, env, log, stopSignal);
  state.lastAnswerAt = Date.now();
  const alerts = createAlertEngine({ client, core, log, platforms });
  const holder = await createTokenHolder(runtimes.flatMap(({ fingerprints }) => fingerprints));
  const { api } = core.services;
  const tokens = new TokenLease({ client, api, holder, runtimes, receiver: core.dispatcher, log });
  const heartbeat = createRepeater(() => beat(tokens, client, options, state));
  heartbeat.request(0);
  alerts.start();
  collectWhenIdle();

  return {
    healthPort: server.port,
    health,
    async stop(): Promise<void> {
      state.isStopping = true;
      heartbeat.stop();
      tokens.stop();
      alerts.stop();
      await core.stop(drainMs);
      await Promise.all(runtimes.filter(({ isStarted }) => isStarted).map(({ adapter }) => adapter.stop()));
      await alerts.flush();
      await tokens
        .release()
        .catch((error: unknown) => log.warn({ err: error }, 'the tokens could not be released'));
      await Promise.all(runtimes.map(({ adapter }) => adapter.close()));
      server.close();
      await client.close();
    },
  };
}

async function beat(
  tokens: TokenLease,
  client: HqClient,
  { env, log }: RunOptions,
  state: RunState,
): Promise<number> {
  try {
    await tokens.heartbeat();
    state.lastAnswerAt = Date.now();
  } catch (error) {
    if (error instanceof HqError && error.code === 'unauthenticated') await signInAgain(client, env, log);
    else if (isUnreachable(error)) log.warn('the database does not answer; still trying');
    else if (error instanceof HqError) log.error({ code: error.code, hint: error.hint }, error.message);
    else log.error({ err: error }, 'the heartbeat failed unexpectedly');
  }
  return tokens.pauseMs();
}

/** Whenever the adapter is connected, registers the commands and follows the cards of an earlier process. */
function attach(core: Core, { platform, adapter }: PlatformRuntime, log: Log): void {
  core.attach(adapter);
  adapter.onConnected(() => {
    log.info({ platform }, 'connected');
    void adapter.describeCommands(core.commands).then((sent) => {
      if (!sent.ok) log.warn({ platform, problem: sent.problem }, 'the commands could not be registered');
    });
    core
      .resume(platform)
      .catch((error: unknown) =>
        log.warn({ err: error, platform }, 'the cards of an earlier process are not followed'),
      );
  });
}
