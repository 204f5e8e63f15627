import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { serveHealth } from '@hq/shared/program';
import type { Redactor } from '@hq/shared/text';
import type { Database } from './database.ts';
import type { Heartbeat } from './exchange.ts';
import type { Handlers } from './handler.ts';
import type { HealthAnswer } from './health.ts';
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
  /** Fails a command whose result does not fit its schema; by default a warning is logged. */
  readonly strictResults?: boolean;
  /** Seconds; 90 by default, so that a minute without the database costs no command its lease. */
  readonly leaseSeconds?: number;
  /** Seconds between heartbeats; 30 by default. */
  readonly heartbeatSeconds?: number;
  readonly timings?: Partial<SyncLoopTimings & { readonly echoMs: number }>;
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

export async function startRunner(options: RunnerOptions): Promise<Runner> {
  // Over 60 lines: it only connects parts that call each other.
  const { url, serviceRoleKey, gatewayId, database, stack, secrets, log, timings = {} } = options;
  const id = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const heartbeatEveryMs = (options.heartbeatSeconds ?? 30) * 1000;
  const slowPollMs = options.pollInterval * 1000;
  const quickPollMs = Math.min(fastPollMs, slowPollMs);
  let stopping: Promise<readonly string[]> | null = null;
  let stored: Heartbeat = {};

  const loop = new SyncLoop(
    {
      database,
      gatewayId,
      runnerId: id,
      slots: options.slots,
      leaseSeconds: options.leaseSeconds ?? 90,
      heartbeatEveryMs,
      log,
      timings,
      heartbeat: () =>
        changedSince(stored, {
          ...servicesOf(services),
          version: options.version,
          runner: id,
          secrets: secrets.state(),
        }),
      onHeartbeatStored: (heartbeat, sentAt) => {
        stored = { ...stored, ...heartbeat };
        realtime.onHeartbeatStored(sentAt);
      },
      command: commandOptions(options, id),
      onResponse: (response) => {
        realtime.onResponse(response);
        secrets.onVersion(response.secrets_version);
      },
    },
    quickPollMs,
  );
  const services = new ServicesWatch(stack, log, () => loop.heartbeatSoon());
  const realtime = new Realtime({
    url,
    serviceRoleKey,
    gatewayId,
    onCommandHint: () => loop.hint(),
    onGateway: (row) => secrets.onVersion(row.secrets_version),
    onHeartbeatWanted: () => loop.heartbeatSoon(),
    onTrustChange: (trusted) => {
      log.info({ realtime: trusted ? 'trusted' : 'not trusted' }, trusted ? 'woken by Realtime' : 'polling');
      loop.setPollInterval(trusted ? slowPollMs : quickPollMs);
    },
    ...(timings.echoMs !== undefined && { echoMs: timings.echoMs }),
  });
  secrets.onStateChange(() => loop.heartbeatSoon());

  const health = await serveHealth(options.healthPort, (): HealthAnswer => {
    const { held, unsent, answeredMsAgo, gatewayStatus, fault } = loop.state();
    const failing = answeredMsAgo === null || answeredMsAgo > 3 * heartbeatEveryMs;
    return {
      status: stopping !== null ? 'stopping' : failing ? 'failing' : 'ok',
      runner: id,
      gateway: gatewayId,
      gatewayStatus,
      lastTurnMsAgo: answeredMsAgo,
      realtime: realtime.trust(),
      held,
      unsent,
      secrets: secrets.state().state,
      fault: fault ?? services.fault() ?? secrets.state().problem,
    };
  });

  const closeAll = async (): Promise<void> => {
    services.close();
    await secrets.close();
    await realtime.close();
    health.close();
    database.close();
  };
  const ended = loop.run().finally(closeAll);
  log.info(
    { runner: id, gateway: gatewayId, stack: stack.kind, healthPort: health.port, version: options.version },
    'ready',
  );
  return {
    id,
    healthPort: health.port,
    ended,
    stop() {
      stopping ??= loop.stop().then(async (left) => {
        await ended;
        return left;
      });
      return stopping;
    },
  };
}

function commandOptions(options: RunnerOptions, runnerId: string) {
  const { database, gatewayId, secrets, stack, handlers, redactor, commandTimeout, log } = options;
  return {
    handlers,
    redactor,
    commandTimeout,
    context: {
      runnerId,
      stack,
      openSecret: (idOrKey: string, signal: AbortSignal) => secrets.readSecret(idOrKey, signal),
      setPaused: (paused: boolean) =>
        database.setPaused(gatewayId, paused, AbortSignal.timeout(pauseTimeoutMs)),
    },
    onInvalidResult: (error: HqError) => {
      if (options.strictResults === true) throw error;
      log.warn(error.message);
    },
  };
}

function servicesOf(watch: ServicesWatch): Pick<Heartbeat, 'services'> {
  const services = watch.services();
  return services === null ? {} : { services };
}

/** Returns the parts of a heartbeat that differ from the stored one. */
function changedSince(stored: Heartbeat, now: Heartbeat): Heartbeat {
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  return {
    ...(now.services === undefined || same(now.services, stored.services) ? {} : { services: now.services }),
    ...(now.version === undefined || now.version === stored.version ? {} : { version: now.version }),
    ...(now.runner === undefined || now.runner === stored.runner ? {} : { runner: now.runner }),
    ...(now.secrets === undefined || same(now.secrets, stored.secrets) ? {} : { secrets: now.secrets }),
  };
}
