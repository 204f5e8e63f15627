import { readFile, rm } from 'node:fs/promises';
import { codeOf } from '@hq/shared/errors';
import { readPrivate, sleep } from '@hq/shared/program';
import type { GatewayPaths } from '../environment.ts';

const graceMs = 10_000;
const lookEveryMs = 100;

/**
 * Ends an OpenClaw whose hq-gateway was killed, which would keep the port and the state. Returns its process id, or null
 * when there was none. Its process id may belong to another program by now: the environment tells. Linux only.
 */
export async function stopOrphan({ openClawProcess, state }: GatewayPaths): Promise<number | null> {
  const pid = Number((await readPrivate(openClawProcess)) ?? '');
  const isRunning = async () => Number.isInteger(pid) && pid > 1 && (await usesState(pid, state));
  if (!(await isRunning())) return null;
  signal(pid, 'SIGTERM');
  const until = performance.now() + graceMs;
  while (performance.now() < until && (await isRunning())) await sleep(lookEveryMs);
  if (await isRunning()) signal(pid, 'SIGKILL');
  await rm(openClawProcess, { force: true });
  return pid;
}

async function usesState(pid: number, state: string): Promise<boolean> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    return environment.split('\0').includes(`OPENCLAW_STATE_DIR=${state}`);
  } catch {
    // There is no such process, or it belongs to another user.
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended meanwhile.
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
