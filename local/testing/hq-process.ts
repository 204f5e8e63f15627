import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunningStack } from '../src/run-file.ts';

/** Process of `npm start`. */
export interface HqProcess {
  readonly child: ChildProcess;
  /** Resolves to the JSON line of --no-tui. Rejects with its stderr when it ends before. */
  readonly ready: Promise<RunningStack>;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stdout(): string;
  stderr(): string;
  /** Returns the pids of all its current descendants. */
  descendants(): readonly number[];
  /** Sends SIGTERM and waits for the exit. */
  stop(): Promise<void>;
}

const starter = fileURLToPath(new URL('../src/start.ts', import.meta.url));

export function startHqProcess(
  args: readonly string[],
  { uid, gid, env = {} }: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {},
): HqProcess {
  const child = spawn(process.execPath, [starter, ...args], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', HQ_FIRST_AGENT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const ready = new Promise<RunningStack>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk);
      if (stdout.startsWith('{') && stdout.endsWith('\n')) resolve(JSON.parse(stdout));
    });
    void exited.then(() => reject(new Error(`ended before it was ready:\n${stderr}`)));
  });
  // Prevents an unhandled rejection when only the exit is awaited.
  ready.catch(() => undefined);
  return {
    child,
    ready,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    descendants: () => descendantsOf(child.pid ?? -1),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Returns the pids of all current descendants. */
export function descendantsOf(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(Number(entry));
    if (parent !== undefined) parents.set(Number(entry), parent);
  }
  const found: number[] = [];
  const walk = (of: number): void => {
    for (const [child, parent] of parents) {
      if (parent !== of) continue;
      found.push(child);
      walk(child);
    }
  };
  walk(pid);
  return found;
}

function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain anything.
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    // The process exited meanwhile.
    return undefined;
  }
}

/** Returns false for a zombie. */
export function isRunning(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}
