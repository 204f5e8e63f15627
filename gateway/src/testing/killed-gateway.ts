/** Runs hq-gateway as its program does, and kills this process when the named step begins: `killed-gateway.ts STEP`. */
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { readSettings } from '../environment.ts';
import { runGateway } from '../gateway.ts';

const [, , step] = process.argv;
process.umask(0o077);
const redactor = createRedactor([]);
const never = new AbortController().signal;
process.exitCode = await runGateway({
  settings: readSettings(process.env),
  variables: process.env,
  log: createLog('info', redactor),
  redactor,
  stop: { requested: never, hurried: never },
  onStep: (name) => {
    if (name === step) process.kill(process.pid, 'SIGKILL');
  },
});
