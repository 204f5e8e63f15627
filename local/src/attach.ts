import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { DataDirectory } from './data-directory.ts';
import type { Messages } from './messages.ts';
import { buildTui } from './programs.ts';
import { readRunFile } from './run-file.ts';
import { openTerminalUi } from './terminal-ui.ts';

const waitMs = 30_000;
const pollMs = 100;

/** Opens the terminal UI on the HQ that already runs on this directory; waits while it starts. */
export async function attach(
  directory: DataDirectory,
  pid: number | undefined,
  { report }: Messages,
  args: readonly string[],
): Promise<number> {
  await buildTui();
  const deadline = Date.now() + waitMs;
  for (let isReported = false; ; isReported = true) {
    const stack = await readRunFile(directory.run, pid);
    if (stack) return openTerminalUi(stack, directory.run, args).ended;
    if (Date.now() > deadline) {
      throw new HqError('timed_out', `The HQ on ${directory.path} (pid ${pid ?? 'unknown'}) is not ready.`, {
        hint: 'Read the output of that process, or stop it and start again.',
      });
    }
    if (!isReported) report(`HQ is being started by process ${pid ?? 'unknown'}; waiting for it`);
    await sleep(pollMs);
  }
}
