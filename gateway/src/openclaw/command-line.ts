import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findOpenClaw } from './package.ts';

const longestReason = 2_000;

interface CommandLineOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Text for its standard input: secrets do not show in the list of processes. */
  readonly input: string;
  readonly signal: AbortSignal;
}

/** Runs OpenClaw's command line. Returns its exit code, and the last line that it wrote to its standard error. */
export async function runOpenClaw(
  args: readonly string[],
  { env, input, signal }: CommandLineOptions,
): Promise<{ readonly code: number | null; readonly reason: string }> {
  const cli = spawn(process.execPath, [findOpenClaw().program, ...args], {
    env,
    stdio: ['pipe', 'ignore', 'pipe'],
    signal,
  });
  const ended = once(cli, 'close');
  let errors = '';
  cli.stderr.on('data', (bytes: Buffer) => {
    errors = `${errors}${bytes.toString()}`.slice(-longestReason);
  });
  // A process that ended before it read its input wrote the reason to stderr.
  cli.stdin.on('error', () => cli.stdin.destroy());
  cli.stdin.end(input);
  const [code] = await ended;
  return { code, reason: errors.trim().split('\n').at(-1) ?? '' };
}
