import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { type Log, logOutput } from '@hq/shared/log';
import { serveHealth } from '@hq/shared/program';
import type { Redactor } from '@hq/shared/text';
import { AgentsSync } from './agents/agents-sync.ts';
import { ConditionsWatch } from './agents/conditions-watch.ts';
import type { Database } from './database.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import type { DispatchLimits } from './dispatch/exchange.ts';
import type { Heartbeat } from './exchange.ts';
import { GatewayWatch } from './gateway-watch.ts';
import type { Handlers } from './handler.ts';
import type { LeasedCommandOptions } from './leased-command.ts';
import { Realtime } from './realtime.ts';
import type { SecretsSync } from './secrets/secrets-sync.ts';
import { ServicesWatch } from './services-watch.ts';
import type { Stack } from './stack.ts';
import { SyncLoop, type SyncLoopTimings } from './sync-loop.ts';

export interface RunnerOptions {
  readonly url: string;
  readonly serviceRoleKey: string;
  readonly gatewayId: string;
  readonly database: Database;
  readonly handlers: Handlers;
  readonly stack: Stack;
  /** Started already, so that no command is claimed before the secrets are written. */
  readonly secrets: SecretsSync;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly version: string;
  readonly slots: number;
  /** Seconds. */
  readonly pollInterval: number;
  /** Seconds. */
  readonly commandTimeout: number;
  readonly healthPort: number;
  readonly dispatch: DispatchLimits;
  /** Seconds between two looks for agents that may wake, when nothing announces them. */
  readonly reconcileInterval: number;
  /** Receives a sentence about a result that does not fit its schema; by default it is logged as a warning. */
  readonly onInvalidResult?: (warning: string) => void;
  /** Seconds; 90 by default, so that a minute without the database costs no command its lease. */
  readonly leaseSeconds?: number;
  /** Seconds between heartbeats; 30 by default. */
  readonly heartbeatSeconds?: number;
  readonly timings?: Partial<
    SyncLoopTimings & { readonly echoMs: number; readonly dispatchLeaseSeconds: number }
  >;
}

export interface Runner {
  readonly id: string;
  readonly healthPort: number;
  /** Settles when the runner has stopped; rejects with an error that no retry can fix. */
  readonly ended: Promise<void>;
  /** Stops everything; resolves to the ids of the commands whose result the database did not accept. */
  stop(): Promise<readonly string[]>;
}

/** Poll interval while Realtime is not trusted. */
const fastPollMs = 2_000;
const pauseTimeoutMs = 15_000;
const usualHeartbeatSeconds = 30;

export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { gatewayId, database, stack, secrets, log, version } = options;
  const id = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const parts = connectParts(options, id);
  const { loop, services, realtime, agents, conditions, dispatcher, gatewayWatch } = parts;
  dispatcher.start();
  let stopping: Promise<readonly string[]> | null = null;
  const health = await serveHealth(options.healthPort, () =>
    healthAnswer(options, id, parts, stopping !== null),
  );
  const ended = loop.run().finally(async () => {
    services.close();
    await gatewayWatch.close();
    await conditions.close();
    await dispatcher.stop();
    await agents.close();
    await secrets.close();
    await realtime.close();
    health.close();
    database.close();
  });
  log.info({ runner: id, gateway: gatewayId, stack: stack.kind, healthPort: health.port, version }, 'ready');
  return {
    id,
    healthPort: health.port,
    ended,
    stop() {
      stopping ??= Promise.all([loop.stop(), dispatcher.stop()]).then(async ([left]) => {
        await ended;
        return left;
      });
      return stopping;
    },
  };
}

type Parts = ReturnType<typeof connectParts>;

/** Creates the parts of a runner, which call each other. */
function connectParts(options: RunnerOptions, id: string) {
  const { database, gatewayId, stack, secrets, log, version, timings = {} } = options;
  const slowPollMs = options.pollInterval * 1000;
  const quickPollMs = Math.min(fastPollMs, slowPollMs);
  const agents = new AgentsSync({
    database,
    gatewayId,
    gateway: stack.gateway,
    readChannelTokens: (signal) => secrets.readChannelTokens(signal),
    onApplied: () => {
      secrets.announceAgain();
      conditions.lookSoon();
    },
    log,
  });
  const conditions = new ConditionsWatch({
    database,
    gatewayId,
    gateway: stack.gateway,
    turnSeconds: options.dispatch.agent_process_timeout,
    log,
  });
  const dispatcher = new Dispatcher({
    database,
    gatewayId,
    runnerId: id,
    gateway: stack.gateway,
    limits: options.dispatch,
    sweepMs: options.reconcileInterval * 1000,
    gatewayStays: stack.kind === 'docker',
    log,
    leaseSeconds: timings.dispatchLeaseSeconds,
  });
  let stored: Heartbeat = {};
  const heartbeat = (): Heartbeat => ({
    services: services.services() ?? undefined,
    version,
    runner: id,
    secrets: secrets.state(),
    confinement: agents.confinement(),
    problem: logOutput.problem(),
    gateway_problem: gatewayWatch.problem(),
  });
  const loop = new SyncLoop(
    {
      database,
      gatewayId,
      runnerId: id,
      slots: options.slots,
      leaseSeconds: options.leaseSeconds ?? 90,
      heartbeatEveryMs: (options.heartbeatSeconds ?? usualHeartbeatSeconds) * 1000,
      log,
      timings,
      heartbeat: () => changedSince(stored, heartbeat()),
      onHeartbeatStored: (sent, sentAt) => {
        stored = { ...stored, ...sent };
        realtime.onHeartbeatStored(sentAt);
      },
      command: commandOptions(options, agents, dispatcher, id),
      onResponse: (response) => {
        realtime.onResponse(response);
        secrets.onVersion(response.secrets_version);
        agents.onSecretsVersion(response.secrets_version);
        agents.onVersion(response.agents_version);
        dispatcher.onVersion(response.dispatch_version);
      },
    },
    quickPollMs,
  );
  const services = new ServicesWatch(stack, log, () => {
    loop.heartbeatSoon();
    gatewayWatch.lookSoon();
    conditions.lookSoon();
    // It may be a gateway that is healthy again.
    agents.compareSoon();
    dispatcher.hint();
  });
  const gatewayWatch = new GatewayWatch(stack.gateway, log, () => loop.heartbeatSoon());
  const realtime = new Realtime({
    ...options,
    ...timings,
    onCommandHint: () => loop.hint(),
    onGateway: (row) => {
      secrets.onVersion(row.secrets_version);
      agents.onVersion(row.agents_version);
      dispatcher.onVersion(row.dispatch_version);
    },
    onHeartbeatWanted: () => loop.heartbeatSoon(),
    onTrustChange: (trusted) => {
      log.info({ realtime: trusted ? 'trusted' : 'not trusted' }, trusted ? 'woken by Realtime' : 'polling');
      loop.setPollInterval(trusted ? slowPollMs : quickPollMs);
    },
  });
  secrets.onStateChange(() => loop.heartbeatSoon());
  agents.onStateChange(() => loop.heartbeatSoon());
  return { loop, services, realtime, agents, conditions, dispatcher, gatewayWatch };
}

export type HealthAnswer = ReturnType<typeof healthAnswer>;

function healthAnswer(
  { gatewayId, secrets, heartbeatSeconds = usualHeartbeatSeconds }: RunnerOptions,
  runner: string,
  { loop, services, realtime, agents, dispatcher }: Parts,
  isStopping: boolean,
) {
  const { answeredMsAgo, fault, ...state } = loop.state();
  const { fault: dispatchFault, ...dispatch } = dispatcher.state();
  const logProblem = logOutput.problem();
  const isFailing = answeredMsAgo === null || answeredMsAgo > 3 * heartbeatSeconds * 1000;
  return {
    /** `failing` after three heartbeats without an answer of the database; the HTTP status is 503 then. */
    status: isStopping ? 'stopping' : isFailing ? 'failing' : 'ok',
    runner,
    gateway: gatewayId,
    lastTurnMsAgo: answeredMsAgo,
    realtime: realtime.trust(),
    ...state,
    ...dispatch,
    /** State of the secrets' files: `ok`, `stale` or `error`. */
    secrets: secrets.state().state,
    /** `waiting` while the agents on the gateway are not as the database has them. */
    agents: agents.problem() === null ? 'ok' : 'waiting',
    /** `failing` while lines of the log are lost. */
    log: logProblem === null ? 'ok' : 'failing',
    /** Reason why the last exchange, look at the stack, sync of the secrets or line of the log failed. */
    fault: fault ?? dispatchFault ?? services.fault() ?? secrets.state().problem ?? logProblem,
  };
}

function commandOptions(
  options: RunnerOptions,
  agents: AgentsSync,
  dispatcher: Dispatcher,
  runnerId: string,
): Omit<LeasedCommandOptions, 'command' | 'onOutput'> {
  const { database, gatewayId, secrets, stack, log } = options;
  const { handlers, redactor, commandTimeout, onInvalidResult = (warning) => log.warn(warning) } = options;
  return {
    handlers,
    redactor,
    commandTimeout,
    context: {
      runnerId,
      stack,
      agents,
      dispatcher,
      openSecret: (idOrKey, signal) => secrets.readSecret(idOrKey, signal),
      setPaused: (paused) => database.setPaused(gatewayId, paused, AbortSignal.timeout(pauseTimeoutMs)),
    },
    onInvalidResult,
  };
}

/** Returns the parts of a heartbeat that differ from the stored one. */
function changedSince(stored: Heartbeat, now: Heartbeat): Heartbeat {
  const { services, version, runner, secrets, confinement, problem, gateway_problem } = now;
  return {
    ...(!isDeepStrictEqual(services, stored.services) && { services }),
    ...(version !== stored.version && { version }),
    ...(runner !== stored.runner && { runner }),
    ...(!isDeepStrictEqual(secrets, stored.secrets) && { secrets }),
    ...(!isDeepStrictEqual(confinement, stored.confinement) && { confinement }),
    ...(problem !== (stored.problem ?? null) && { problem }),
    ...(gateway_problem !== (stored.gateway_problem ?? null) && { gateway_problem }),
  };
}
