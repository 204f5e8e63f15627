import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { attach } from './attach.ts';
import {
  type DataDirectory,
  defaultDataDirectory,
  lockDataDirectory,
  openDataDirectory,
} from './data-directory.ts';
import { type Messages, openMessages } from './messages.ts';
import { parseOptions, type StartOptions } from './options.ts';
import type { RunningStack } from './run-file.ts';
import { startHq } from './start-hq.ts';
import { untilStopSignal } from './stop-signal.ts';
import { connectionEnv, openTerminalUi } from './terminal-ui.ts';

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), (text) => process.stdout.write(text));
  if (options === null) return 0;
  const signalled = untilStopSignal((code) => process.exit(code));
  const directory = await openDataDirectory(options.data ?? defaultDataDirectory(process.env));
  const messages = openMessages(join(directory.path, 'hq.log'));
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const lock = await lockDataDirectory(directory);
  if ('held' in lock) {
    const { held } = lock;
    if (options.tui) return attach(directory, held, messages, isTerminal ? [] : ['status']);
    throw new HqError('conflict', `HQ runs on ${directory.path} already, as process ${held ?? 'unknown'}.`, {
      hint: 'Stop that one, or name another directory with --data.',
    });
  }
  try {
    return await run(options, directory, messages, signalled, isTerminal);
  } finally {
    lock.release();
  }
}

async function run(
  options: StartOptions,
  directory: DataDirectory,
  messages: Messages,
  signalled: Promise<number>,
  isTerminal: boolean,
): Promise<number> {
  const starting = startHq(options, directory, messages);
  const early = await Promise.race([starting.then(() => undefined), signalled]);
  if (early !== undefined) messages.report('Stopping as soon as it has started');
  const hq = await starting;
  try {
    if (early !== undefined) return early;
    if (!options.tui) {
      process.stdout.write(`${JSON.stringify(hq.stack)}\n`);
      return await signalled;
    }
    if (!isTerminal) {
      await openTerminalUi(hq.stack, directory.run, ['status']).ended;
      process.stdout.write(howToAttach(hq.stack, directory.path));
      return await signalled;
    }
    messages.redirectToLog();
    const tui = openTerminalUi(hq.stack, directory.run);
    const code = await Promise.race([tui.ended, signalled]);
    await tui.stop(3_000);
    return code;
  } finally {
    messages.resume();
    await hq.stop();
  }
}

function howToAttach(stack: RunningStack, path: string): string {
  const environment = Object.entries(connectionEnv(stack)).map(([name, value]) =>
    name === 'HQ_PASSWORD' ? `  ${name}: see ${join(path, 'run.json')}` : `  ${name}=${value}`,
  );
  return [
    '',
    `HQ is running at ${stack.url} until this process (${process.pid}) is stopped.`,
    'To open the terminal UI on this machine, run:',
    `  npm start -- --data ${path}`,
    'Elsewhere, set these variables for hq-tui:',
    ...environment,
    '',
  ].join('\n');
}

// A closed terminal or pipe must not stop an HQ that other clients use.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof HqError)) throw error;
  process.stderr.write(`hq: ${error.message}${error.hint ? ` ${error.hint}` : ''}\n`);
  process.exitCode = error.code === 'usage' ? 2 : 1;
}
process.exit();
