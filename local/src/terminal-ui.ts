import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningStack } from './run-file.ts';

const program = fileURLToPath(new URL('../../tui/bin/hq-tui.mjs', import.meta.url));
/** The program's shebang looks up "node" in this path: the one that runs this process comes first. */
const path = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);

type ClientSettings = Pick<RunningStack, 'url' | 'anonKey' | 'email' | 'password'>;

/**
 * Runs `hq-tui` in the foreground of this terminal, signed in by its environment. `runFile` contains the key that it encrypts
 * secrets with.
 */
export function openTerminalUi(stack: ClientSettings, runFile: string, args: readonly string[] = []) {
  const child = spawn(program, args, {
    env: { ...process.env, PATH: path, ...connectionEnv(stack), HQ_RUN_FILE: runFile, HQ_PARENT: 'ipc' },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
  return {
    /** Exit code, or 128 plus the number of the signal that ended it. */
    ended,
    async stop(boundMs: number): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const bound = setTimeout(() => child.kill('SIGKILL'), boundMs);
      await ended;
      clearTimeout(bound);
    },
  };
}

/** Returns the environment that signs a client in, without the service-role key. */
export function connectionEnv({
  url,
  anonKey,
  email,
  password,
}: ClientSettings): Readonly<Record<string, string>> {
  return { SUPABASE_URL: url, SUPABASE_ANON_KEY: anonKey, HQ_EMAIL: email, HQ_PASSWORD: password };
}
