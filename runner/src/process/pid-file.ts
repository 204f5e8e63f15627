import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import { writeFileAtomically } from './gateway-home.ts';
import { startTimeOf } from './process-start-time.ts';

const living = z.object({ pid: z.int().positive(), birth: z.string() });
const record = z.object({ gateway: living, runner: living, port: z.int() });

/** Writes down which gateway runs here, and which runner looks after it. */
export async function writePidFile(file: string, gatewayPid: number, port: number): Promise<void> {
  const [gatewayBirth, runnerBirth] = await Promise.all([startTimeOf(gatewayPid), startTimeOf(process.pid)]);
  if (gatewayBirth === null || runnerBirth === null) return;
  const running: z.input<typeof record> = {
    gateway: { pid: gatewayPid, birth: gatewayBirth },
    runner: { pid: process.pid, birth: runnerBirth },
    port,
  };
  await writeFileAtomically(file, `${JSON.stringify(running)}\n`);
}

export async function removePidFile(file: string): Promise<void> {
  await rm(file, { force: true });
}

const orphanGraceMs = 15_000;

/**
 * Ends a gateway that a runner left behind when it died; gives its pid, or null when there was none. A gateway whose
 * runner lives is not touched: `conflict`.
 */
export async function stopOrphan(file: string): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const parsed = record.safeParse(parseJson(text));
  if (!parsed.success) return null;
  const { gateway, runner } = parsed.data;
  if (runner.pid !== process.pid && (await startTimeOf(runner.pid)) === runner.birth) {
    throw new HqError('conflict', `Another runner (process ${runner.pid}) looks after this gateway’s home.`, {
      hint: 'Stop that runner first, or set GATEWAY_HOME to another directory.',
    });
  }
  const lives = async () => (await startTimeOf(gateway.pid)) === gateway.birth;
  if (!(await lives())) return null;
  signalGroup(gateway.pid, 'SIGTERM');
  const until = performance.now() + orphanGraceMs;
  while (performance.now() < until && (await lives())) await sleep(100);
  signalGroup(gateway.pid, 'SIGKILL');
  return gateway.pid;
}

/** A gateway leads its own process group, so that what it started ends with it. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody is left in the group.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not ours, or from another version: nothing to stop by.
    return null;
  }
}
