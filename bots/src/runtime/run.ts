import { setTimeout as delay } from 'node:timers/promises';
import { catalogue } from '@hq/shared/actions';
import { connect } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { serveHealth } from '@hq/shared/program';
import type { Redactor } from '@hq/shared/text';
import type { Configured, PlatformModule } from '../contract/adapter.ts';
import { createAlertEngine } from '../core/alerts/alert-engine.ts';
import { isUnreachable } from '../core/api/chat-api.ts';
import { type Core, createCore } from '../core/core.ts';
import { collectWhenIdle } from './collect-when-idle.ts';
import type { Environment } from './environment.ts';
import { buildHealth, type HealthAnswer, healthLines } from './health.ts';
import { createPlatformRuntime, type PlatformRuntime } from './platform-runtime.ts';
import { signInAgain, signInWithRetry } from './sign-in.ts';
import { createTokenHolder } from './token-holder.ts';
import { createTokenLease } from './token-lease.ts';

export interface RunOptions {
  readonly env: Environment;
  /** Those platforms that are configured. */
  readonly platforms: readonly { readonly module: PlatformModule; readonly configured: Configured }[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The program of an adapter's thread. */
  readonly worker: URL;
  readonly redactor: Redactor;
  readonly log: Log;
  /** Somebody wants it to stop, also before it has started. */
  readonly stopSignal: AbortSignal;
}

export interface Running {
  readonly healthPort: number;
  health(): HealthAnswer;
  stop(): Promise<void>;
}

const drainMs = 10_000;

export async function runBots(options: RunOptions): Promise<Running> {
  const { env, log } = options;
  const client = connect({ url: env.SUPABASE_URL, anonKey: env.SUPABASE_ANON_KEY, timeoutMs: 15_000 });
  const runtimes: readonly PlatformRuntime[] = options.platforms.map(({ module, configured }) =>
    createPlatformRuntime(module, configured, options),
  );
  let lastAnswerAt = 0;
  let isStopping = false;
  const health = (): HealthAnswer =>
    buildHealth(runtimes, ({ platform }) => core.unsent(platform), { lastAnswerAt, isStopping });
  const core: Core = createCore({
    client,
    actions: catalogue,
    redactor: options.redactor,
    log,
    health: () => healthLines(health()),
  });

  const server = await serveHealth(env.HEALTH_PORT, health);
  log.info({ port: server.port, platforms: runtimes.map(({ platform }) => platform) }, 'starting');
  await Promise.all(runtimes.map(({ adapter }) => adapter.open()));
  for (const runtime of runtimes) attach(core, runtime, log);
  await signInWithRetry(client, env, log, options.stopSignal);
  lastAnswerAt = Date.now();
  const alerts = createAlertEngine({
    client,
    core,
    log,
    platforms: runtimes.map(({ platform }) => platform),
  });
  const holder = await createTokenHolder(runtimes.flatMap(({ fingerprints }) => fingerprints));
  const receiver = core.dispatcher;
  const { api } = core.services;
  const tokens = createTokenLease({
    client,
    api,
    holder,
    runtimes,
    receiver,
    isStopping: () => isStopping,
    log,
  });

  async function beatForever(): Promise<void> {
    while (!isStopping) {
      try {
        await tokens.heartbeat();
        lastAnswerAt = Date.now();
      } catch (error) {
        if (error instanceof HqError && error.code === 'unauthenticated') await signInAgain(client, env, log);
        else if (isUnreachable(error)) log.warn('the database does not answer; still trying');
        else if (error instanceof HqError) log.error({ code: error.code, hint: error.hint }, error.message);
        else log.error({ err: error }, 'the beat failed in an unexpected way');
      }
      await delay(tokens.pauseMs(), undefined, { ref: false });
    }
  }
  void beatForever();
  alerts.start();
  collectWhenIdle();

  return {
    healthPort: server.port,
    health,
    async stop() {
      isStopping = true;
      alerts.stop();
      await core.stop(drainMs);
      await Promise.all(runtimes.filter(({ isStarted }) => isStarted).map(({ adapter }) => adapter.stop()));
      await alerts.flush();
      // The next process need not wait until this one is missed.
      await tokens
        .release()
        .catch((error: unknown) => log.warn({ err: error }, 'the tokens could not be let go'));
      await Promise.all(runtimes.map(({ adapter }) => adapter.close()));
      server.close();
      await client.close();
    },
  };
}

/** Whenever an adapter has connected, it is told the commands, and the cards of an earlier run are taken up. */
function attach(core: Core, { platform, adapter }: PlatformRuntime, log: Log): void {
  core.attach(adapter);
  adapter.onStarted(() => {
    log.info({ platform }, 'connected');
    void adapter.describeCommands(core.commands).then((sent) => {
      if (!sent.ok) log.warn({ platform, problem: sent.problem }, 'the commands could not be described');
    });
    core
      .resume(platform)
      .catch((error: unknown) =>
        log.warn({ err: error, platform }, 'the cards of an earlier run are not followed'),
      );
  });
}
