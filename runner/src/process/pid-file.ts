import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, HqError } from '@hq/shared/errors';
import { readPrivate, startTimeOf, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

const living = z.object({ pid: z.int().positive(), birth: z.string() });
const record = z.object({ gateway: living, runner: living, port: z.int() });

/** Records the running gateway and its runner. */
export async function writePidFile(file: string, gatewayPid: number, port: number): Promise<void> {
  const [gatewayStart, runnerStart] = await Promise.all([startTimeOf(gatewayPid), startTimeOf(process.pid)]);
  if (gatewayStart === null || runnerStart === null) return;
  const running: z.input<typeof record> = {
    gateway: { pid: gatewayPid, birth: gatewayStart },
    runner: { pid: process.pid, birth: runnerStart },
    port,
  };
  await writePrivate(file, `${JSON.stringify(running)}\n`);
}

export async function removePidFile(file: string): Promise<void> {
  await rm(file, { force: true });
}

const orphanGraceMs = 15_000;

/**
 * Stops a gateway whose runner died. Returns its pid, or null when there was none. Throws `conflict` when its runner still
 * runs.
 */
export async function stopOrphan(file: string): Promise<number | null> {
  // Undefined, or another form, where another program or version wrote it.
  const parsed = record.safeParse(parseJson((await readPrivate(file)) ?? ''));
  if (!parsed.success) return null;
  const { gateway, runner } = parsed.data;
  if (runner.pid !== process.pid && (await startTimeOf(runner.pid)) === runner.birth) {
    throw new HqError('conflict', `Another runner (process ${runner.pid}) uses this gateway’s home.`, {
      hint: 'Stop that runner first, or set GATEWAY_HOME to another directory.',
    });
  }
  const isRunning = async () => (await startTimeOf(gateway.pid)) === gateway.birth;
  if (!(await isRunning())) return null;
  signalGroup(gateway.pid, 'SIGTERM');
  const until = performance.now() + orphanGraceMs;
  while (performance.now() < until && (await isRunning())) await sleep(100);
  signalGroup(gateway.pid, 'SIGKILL');
  return gateway.pid;
}

/** Signals the process group that a gateway leads, so that its children end with it. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // The group is empty.
    if (codeOf(error) === 'ESRCH') return;
    throw error;
  }
}
