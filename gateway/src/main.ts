/** `hq-gateway`: starts OpenClaw with what HQ needs, and serves the control API. All settings come from the environment. */
import { HqError } from '@hq/shared/errors';
import { createLog, logOutput } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { readSettings } from './environment.ts';
import { runGateway } from './gateway.ts';
import { listenForStop } from './stop-request.ts';

/** Others are those of OpenClaw; docs/gateway.md lists them. */
const exitCodes = { failed: 1, usage: 2, locked: 3 } as const;

async function main(): Promise<number> {
  // Every file of the state is private.
  process.umask(0o077);
  const redactor = createRedactor([]);
  let log = createLog('info', redactor);
  try {
    const settings = readSettings(process.env);
    log = createLog(settings.logLevel, redactor);
    const stop = listenForStop(settings.parent, (why) => log.info({ why }, 'stopping'));
    const exitCode = await runGateway({ settings, variables: process.env, log, redactor, stop });
    log.info({ exitCode }, 'stopped');
    return exitCode;
  } catch (error) {
    const fault =
      error instanceof HqError ? { code: error.code, hint: error.hint, field: error.field } : { err: error };
    log.fatal(fault, error instanceof Error ? error.message : 'hq-gateway failed');
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof HqError)) return exitCodes.failed;
  if (error.code === 'usage') return exitCodes.usage;
  return error.code === 'conflict' ? exitCodes.locked : exitCodes.failed;
}

process.exitCode = await main();
await logOutput.flush();
// An open connection or timer must not keep a stopped gateway alive.
process.exit();
