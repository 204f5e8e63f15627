import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
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
import { SyncLoop } from './sync-loop.ts';

export interface RunnerOptions {
  readonly url: string;
  readonly serviceRoleKey: string;
  readonly gatewayId: string;
  readonly database: Database;
  readonly handlers: Handlers;
  readonly stack: Stack;
  /** Has begun already, so that no command is claimed before the secrets stand. */
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
  /** Seconds; 90 where left out, so that a minute without the database costs no command its lease. */
  readonly leaseSeconds?: number;
  /** Seconds from one heartbeat to the next; 30 where left out. */
  readonly heartbeatSeconds?: number;
}

export interface Runner {
  readonly id: string;
  readonly healthPort: number;
  /** Settles when the runner has stopped; rejects with what no retry can mend. */
  readonly ended: Promise<void>;
  /** Lets go of everything; gives the ids of the commands whose end the database could not be told. */
  stop(): Promise<readonly string[]>;
}

/** Polling while Realtime is not to be relied on. */
const fastPollMs = 2_000;

export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { url, serviceRoleKey, gatewayId, database, stack, secrets, redactor, log, pollInterval } = options;
  const id = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const heartbeatEveryMs = (options.heartbeatSeconds ?? 30) * 1000;
  const slowPollMs = pollInterval * 1000;
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
      command: {
        handlers: options.handlers,
        redactor,
        commandTimeout: options.commandTimeout,
        context: {
          runnerId: id,
          stack,
          openSecret: (idOrKey, signal) => secrets.open(idOrKey, signal),
          setPaused: (paused) => database.setPaused(gatewayId, paused, AbortSignal.timeout(15_000)),
        },
      },
      onExchange: (answer) => {
        realtime.onExchange(answer);
        secrets.onVersion(answer.secrets_version);
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

  const letGo = async (): Promise<void> => {
    services.close();
    await secrets.close();
    await realtime.close();
    health.close();
    database.close();
  };
  const ended = loop.run().finally(letGo);
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

function servicesOf(watch: ServicesWatch): Pick<Heartbeat, 'services'> {
  const services = watch.services();
  return services === null ? {} : { services };
}

/** The parts of a heartbeat that differ from what the database has. */
function changedSince(stored: Heartbeat, now: Heartbeat): Heartbeat {
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  return {
    ...(now.services === undefined || same(now.services, stored.services) ? {} : { services: now.services }),
    ...(now.version === undefined || now.version === stored.version ? {} : { version: now.version }),
    ...(now.runner === undefined || now.runner === stored.runner ? {} : { runner: now.runner }),
    ...(now.secrets === undefined || same(now.secrets, stored.secrets) ? {} : { secrets: now.secrets }),
  };
}
