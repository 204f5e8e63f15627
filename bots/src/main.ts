import { HqError } from '@hq/shared/errors';
import { createLog, type Log, logOutput } from '@hq/shared/log';
import { untilShutdownSignal, useProxy } from '@hq/shared/program';
import { createRedactor } from '@hq/shared/text';
import { Command, CommanderError } from 'commander';
import packageFile from '../package.json' with { type: 'json' };
import { platformModules } from './platforms/index.ts';
import { checkAll } from './runtime/check.ts';
import { readEnvironment } from './runtime/environment.ts';
import { runBots } from './runtime/run.ts';

/** Exit codes, as docs/chat.md tells them. */
const exitCodes = { stopped: 0, failed: 1, usage: 2 } as const;
const secretName = /(KEY|TOKEN|SECRET|PASSWORD)/;

function secretsOf(variables: NodeJS.ProcessEnv): string[] {
  return Object.entries(variables).flatMap(([name, value]) =>
    value !== undefined && value.length >= 8 && secretName.test(name) ? [value] : [],
  );
}

async function main(): Promise<number> {
  let code: number = exitCodes.stopped;
  const program = new Command('hq-bots')
    .description(
      'Starts the adapters whose tokens are configured. Environment variables configure everything: docs/chat.md lists them.',
    )
    .version(packageFile.version, '-V, --version')
    .exitOverride()
    .showHelpAfterError()
    .action(async () => {
      code = await start();
    });
  program
    .command('check')
    .description('checks each token and the HQ account, and prints what is wrong')
    .action(async () => {
      // Silences a deprecation of telegraf's client that an operator cannot act on.
      process.noDeprecation = true;
      useProxy(process.env);
      code = await checkAll(process.env, platformModules, createRedactor(secretsOf(process.env)));
    });
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander has written its message to the right stream.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.stopped : exitCodes.usage;
    throw error;
  }
  return code;
}

async function start(): Promise<number> {
  const redactor = createRedactor(secretsOf(process.env));
  const log = createLog(process.env.LOG_LEVEL === 'silent' ? 'silent' : 'info', redactor);
  try {
    return await serve(log, redactor);
  } catch (error) {
    const fault =
      error instanceof HqError ? { code: error.code, hint: error.hint, field: error.field } : { err: error };
    log.fatal(fault, error instanceof Error ? error.message : 'the bots failed');
    return error instanceof HqError && error.code === 'usage' ? exitCodes.usage : exitCodes.failed;
  }
}

async function serve(log: Log, redactor: ReturnType<typeof createRedactor>): Promise<number> {
  const env = readEnvironment(process.env);
  useProxy(process.env);
  log.level = env.LOG_LEVEL;
  const platforms = platformModules.flatMap((module) => {
    const configured = module.configure(process.env);
    return configured === null ? [] : [{ module, configured }];
  });
  if (platforms.length === 0) {
    throw new HqError('usage', 'No chat platform is configured.', {
      hint: 'Set SLACK_BOT_TOKEN, DISCORD_BOT_TOKEN or TELEGRAM_BOT_TOKEN; docs/chat.md tells how to get one.',
    });
  }
  const stopAsked = untilShutdownSignal(env.HQ_PARENT, (why) => log.info({ why }, 'stopping'));
  const stopSignal = new AbortController();
  void stopAsked.then(() => stopSignal.abort());
  const isSource = import.meta.url.endsWith('.ts');
  const running = await runBots({
    env,
    platforms,
    variables: process.env,
    worker: new URL(isSource ? './runtime/adapter-worker.ts' : './hq-bots-adapter.js', import.meta.url),
    redactor,
    log,
    stopSignal: stopSignal.signal,
  });
  await stopAsked;
  await running.stop();
  log.info('stopped');
  return exitCodes.stopped;
}

process.exitCode = await main();
await logOutput.flush();
// A library's timer must not keep a program alive that has stopped.
process.exit();
