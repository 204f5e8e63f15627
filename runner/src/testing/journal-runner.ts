import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@hq/shared/log';
import { readSecretsKeys } from '@hq/shared/secrets';
import { createRedactor } from '@hq/shared/text';
import { connectDatabase } from '../database.ts';
import { secretValues } from '../environment.ts';
import { GatewayControl } from '../gateway-control.ts';
import { handlers } from '../handlers/index.ts';
import { startRunner } from '../runner.ts';
import { SecretsSync } from '../secrets/secrets-sync.ts';
import { journalHandlers } from './journal-handlers.ts';
import { noServices, noWakes } from './no-services.ts';

/** Runs a whole runner as a program, configured by its environment, with `journalHandlers` or the real handlers. */
const {
  SUPABASE_URL: url = '',
  SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey = '',
  GATEWAY_ID: gatewayId = '',
  JOURNAL: journal = '',
  RESTART_SECONDS: restartSeconds = '0.2',
  LEASE_SECONDS: leaseSeconds = '90',
  HEARTBEAT_SECONDS: heartbeatSeconds = '30',
  POLL_INTERVAL: pollInterval = '30',
  COMMAND_TIMEOUT: commandTimeout = '3600',
  RUNNER_SLOTS: slots = '16',
  SECRETS_DIR: secretsDirectory = join(tmpdir(), `hq-secrets-${process.pid}`),
  REAL_HANDLERS: real = '',
  ECHO_MS: echoMs = '5000',
  FINISH_MS: finishMs = '10000',
  DELIVER_MS: deliverMs = '10000',
  CONTROL_SOCKET: controlSocket = '',
  AGENT_PROCESS_TIMEOUT: turnSeconds = '300',
  WAKE_COOLDOWN: wakeCooldown = '1',
  DISPATCH_LEASE_SECONDS: dispatchLeaseSeconds = '60',
} = process.env;

const database = connectDatabase({ url, serviceRoleKey });
const redactor = createRedactor(secretValues(process.env));
const log = createLog('info', redactor);
const secrets = new SecretsSync({
  database,
  gatewayId,
  keys: readSecretsKeys(process.env),
  path: secretsDirectory,
  redactor,
  log,
});
await secrets.start(5_000);
const runner = await startRunner({
  url,
  serviceRoleKey,
  gatewayId,
  database,
  secrets,
  handlers: real === '' ? journalHandlers(journal, restartSeconds) : handlers,
  // A gateway that runs on its own, as in Docker.
  stack:
    controlSocket === ''
      ? noServices
      : { ...noServices, kind: 'docker', gateway: new GatewayControl(controlSocket) },
  redactor,
  log,
  version: '0.0.0-test',
  slots: Number(slots),
  pollInterval: Number(pollInterval),
  commandTimeout: Number(commandTimeout),
  healthPort: 0,
  dispatch:
    controlSocket === ''
      ? noWakes
      : {
          ...{
            max_concurrent_wakes: 2,
            wake_cooldown: Number(wakeCooldown),
            max_wake_cooldown: 2,
            max_consecutive_failures: 5,
          },
          ...{ agent_process_timeout: Number(turnSeconds), stale_item_age_hours: 24 },
        },
  reconcileInterval: 60,
  leaseSeconds: Number(leaseSeconds),
  onInvalidResult: (warning) => {
    throw new Error(warning);
  },
  timings: {
    ...{ echoMs: Number(echoMs), finishMs: Number(finishMs), deliverMs: Number(deliverMs) },
    dispatchLeaseSeconds: Number(dispatchLeaseSeconds),
  },
  heartbeatSeconds: Number(heartbeatSeconds),
});

process.on('SIGTERM', () => {
  void runner.stop().then((left) => process.exit(left.length === 0 ? 0 : 4));
});
