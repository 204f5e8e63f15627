import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { DataDirectory } from './data-directory.ts';
import type { Messages } from './messages.ts';
import { buildTui } from './programs.ts';
import { readRunFile } from './run-file.ts';
import { openTerminalUi } from './terminal-ui.ts';

const waitMs = 30_000;
const askMs = 100;

/** Opens the terminal UI on the HQ that runs on this directory already; waits for one that is still starting. */
export async function attach(
  directory: DataDirectory,
  pid: number | undefined,
  { report }: Messages,
  args: readonly string[],
): Promise<number> {
  await buildTui();
  const deadline = Date.now() + waitMs;
  for (let told = false; ; told = true) {
    const stack = await readRunFile(directory.run, pid);
    if (stack) return openTerminalUi(stack, directory.run, args).ended;
    if (Date.now() > deadline) {
      throw new HqError('timed_out', `The HQ on ${directory.path} (pid ${pid ?? 'unknown'}) is not ready.`, {
        hint: 'See what that process says, or end it and start again.',
      });
    }
    if (!told) report(`HQ is being started by process ${pid ?? 'unknown'}; waiting for it`);
    await sleep(askMs);
  }
}
