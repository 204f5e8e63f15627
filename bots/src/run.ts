import { setTimeout as delay } from 'node:timers/promises';
import { catalogue } from '@hq/shared/actions';
import { connect, type HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { serveHealth } from '@hq/shared/program';
import { age, type Redactor } from '@hq/shared/text';
import type { Configured, PlatformModule } from './core/adapter.ts';
import { type AlertEngine, createAlertEngine } from './core/alerts/alert-engine.ts';
import { isAway } from './core/chat-hq.ts';
import { type Core, createCore } from './core/core.ts';
import type { Platform } from './core/inbound.ts';
import type { Environment } from './environment.ts';
import type { HealthAnswer } from './health.ts';
import type { Log } from './log.ts';
import { collectAfterStart } from './supervisor/collect-after-start.ts';
import { createIsolatedAdapter, type IsolatedAdapter } from './supervisor/isolated-adapter.ts';
import { tokensOfAgents } from './tokens-of-agents.ts';

export interface RunOptions {
  readonly env: Environment;
  /** Those platforms that are configured. */
  readonly platforms: readonly { readonly module: PlatformModule; readonly configured: Configured }[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The program of an adapter's thread. */
  readonly isolate: URL;
  readonly redactor: Redactor;
  readonly log: Log;
  /** Somebody wants it to stop, also before it has started. */
  readonly asked: AbortSignal;
}

export interface Running {
  readonly healthPort: number;
  health(): HealthAnswer;
  stop(): Promise<void>;
}

/** What an isolate sees of the environment besides its platform's own variables. */
const passedOn = [
  'LOG_LEVEL',
  'TZ',
  'LANG',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_ENV_PROXY',
];
const beatEveryMs = 10_000;
/** The database has not answered for three beats. */
const failingAfterMs = 35_000;
const drainMs = 10_000;

interface Unit {
  readonly platform: Platform;
  readonly fingerprints: readonly string[];
  readonly adapter: IsolatedAdapter;
  /** Whether this process may use the token. */
  isHeld: boolean;
  isStarted: boolean;
  /** Why it is not used, where it is not. */
  refusal: string | null;
}

export async function runBots(options: RunOptions): Promise<Running> {
  const { env, variables, log } = options;
  const client = connect({ url: env.SUPABASE_URL, anonKey: env.SUPABASE_ANON_KEY, timeoutMs: 15_000 });
  let lastAnswerAt = 0;
  let isStopping = false;
  const units: Unit[] = options.platforms.map(({ module, configured }) => ({
    platform: module.platform,
    fingerprints: configured.fingerprints,
    adapter: createIsolatedAdapter({
      platform: module.platform,
      program: options.isolate,
      env: isolateEnvironment(module, variables),
      log: log.child({ platform: module.platform }),
    }),
    isHeld: false,
    isStarted: false,
    refusal: null,
  }));

  const core: Core = createCore({
    client,
    actions: catalogue,
    redactor: options.redactor,
    log,
    condition: () => conditions(health()),
  });
  let alerts: AlertEngine | null = null;

  function health(): HealthAnswer {
    const adapters = units.map(({ platform, adapter, isHeld, refusal }) => {
      const { state, detail, lastInboundAt, lastOutboundAt } = adapter.health();
      return {
        platform,
        state: isHeld ? state : 'standby',
        detail: refusal ?? (isHeld ? detail : 'Another process uses this token; this one stands by.'),
        connected: state === 'connected',
        lastInboundAt: momentOf(lastInboundAt),
        lastOutboundAt: momentOf(lastOutboundAt),
        held: isHeld,
        crashes: adapter.crashes(),
        unsent: core.unsent(platform),
      };
    });
    const reachable = Date.now() - lastAnswerAt < failingAfterMs;
    const isFailing = !reachable || adapters.some(({ held, connected }) => held && !connected);
    return {
      status: isStopping ? 'stopping' : isFailing ? 'failing' : 'ok',
      database: { reachable, lastAnswerAt: momentOf(lastAnswerAt === 0 ? null : lastAnswerAt) },
      adapters,
    };
  }

  async function beat(): Promise<void> {
    const { held } = await core.house.hq.beat(
      core.holder,
      units.map(({ platform, fingerprints, adapter, isHeld, refusal }) => {
        const { state, detail, install, lastInboundAt, lastOutboundAt } = adapter.health();
        const isUsed = isHeld && refusal === null;
        return {
          platform,
          fingerprint: fingerprints[0] ?? '',
          install,
          state: isStopping ? 'stopped' : isUsed ? state : 'starting',
          detail: refusal ?? detail,
          last_inbound_at: momentOf(lastInboundAt),
          last_outbound_at: momentOf(lastOutboundAt),
        };
      }),
    );
    lastAnswerAt = Date.now();
    if (isStopping) return;
    for (const unit of units) {
      unit.isHeld = held[unit.platform] === true;
      if (unit.isHeld && !unit.isStarted && unit.refusal === null) void take(unit);
      if (!unit.isHeld && unit.isStarted) void letGo(unit);
    }
  }

  /** A token that an agent uses as its own channel is refused for as long as it does. */
  async function refuseTokensOfAgents(): Promise<void> {
    const used = await tokensOfAgents(client);
    for (const unit of units) {
      const gateway = unit.fingerprints.map((one) => used.get(one)).find((one) => one !== undefined);
      if (gateway === undefined) {
        unit.refusal = null;
        continue;
      }
      const refusal = `An agent on ${gateway} uses this token as its own channel; HQ needs a bot of its own.`;
      if (unit.refusal === null) log.error({ platform: unit.platform }, refusal);
      unit.refusal = refusal;
      if (!unit.isStarted) continue;
      await unit.adapter.stop();
      unit.isStarted = false;
    }
  }

  async function take(unit: Unit): Promise<void> {
    unit.isStarted = true;
    await unit.adapter.start(core.conversation);
  }

  async function letGo(unit: Unit): Promise<void> {
    log.warn({ platform: unit.platform }, 'another process has taken the token over; this one stands by');
    await unit.adapter.stop();
    unit.isStarted = false;
  }

  async function beatForever(): Promise<void> {
    while (!isStopping) {
      try {
        await refuseTokensOfAgents();
        await beat();
      } catch (error) {
        if (error instanceof HqError && error.code === 'unauthenticated') await signInAgain(client, env, log);
        else if (isAway(error)) log.warn('the database does not answer; still trying');
        else log.error({ err: error }, 'the beat was refused');
      }
      await delay(beatEveryMs, undefined, { ref: false });
    }
  }

  const server = await serveHealth(env.HEALTH_PORT, health);
  log.info({ port: server.port, platforms: units.map(({ platform }) => platform) }, 'starting');
  await Promise.all(units.map(({ adapter }) => adapter.open()));
  for (const { platform, adapter } of units) {
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
  await signInWithPatience(client, env, log, options.asked);
  lastAnswerAt = Date.now();
  alerts = createAlertEngine({ client, core, log, platforms: units.map(({ platform }) => platform) });
  void beatForever();
  alerts.start();
  collectAfterStart();

  return {
    healthPort: server.port,
    health,
    async stop() {
      isStopping = true;
      alerts?.stop();
      await core.stop(drainMs);
      await Promise.all(units.filter(({ isStarted }) => isStarted).map(({ adapter }) => adapter.stop()));
      await alerts?.save();
      // The next process need not wait until this one is missed.
      await beat().catch((error: unknown) => log.warn({ err: error }, 'the tokens could not be let go'));
      await Promise.all(units.map(({ adapter }) => adapter.close()));
      server.close();
      await client.close();
    },
  };
}

/** The bots may come up before their database does. */
async function signInWithPatience(
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
      // Whoever is asked to stop need not wait.
      await delay(Math.min(10_000, 500 * 2 ** Math.min(tries, 5)), undefined, { signal: asked }).catch(
        () => undefined,
      );
    }
  }
}

async function signInAgain(client: HqClient, env: Environment, log: Log): Promise<void> {
  try {
    await client.signIn(env.HQ_BOT_EMAIL, env.HQ_BOT_PASSWORD);
  } catch (error) {
    log.error({ err: error }, 'the bot’s account cannot sign in');
  }
}

function isolateEnvironment(
  module: PlatformModule,
  variables: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    [...module.variables, ...passedOn].flatMap((name) => {
      const value = variables[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function conditions(health: HealthAnswer): { label: string; value: string; ok: boolean }[] {
  return [
    {
      label: 'Database',
      value: health.database.reachable
        ? 'reachable'
        : `last answer ${sinceThen(health.database.lastAnswerAt)}`,
      ok: health.database.reachable,
    },
    ...health.adapters.map((adapter) => ({
      label: adapter.platform,
      value: [
        adapter.detail === null ? adapter.state : `${adapter.state}: ${adapter.detail}`,
        `last heard ${sinceThen(adapter.lastInboundAt)}`,
        `last said ${sinceThen(adapter.lastOutboundAt)}`,
        ...(adapter.unsent > 0 ? [`${adapter.unsent} waiting`] : []),
        ...(adapter.crashes > 0 ? [`started again ${adapter.crashes} times`] : []),
      ].join(', '),
      ok: !adapter.held || adapter.connected,
    })),
  ];
}

function sinceThen(moment: string | null): string {
  if (moment === null) return 'never';
  const told = age(Date.now() - Date.parse(moment));
  return told === 'now' ? 'just now' : `${told} ago`;
}

function momentOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
