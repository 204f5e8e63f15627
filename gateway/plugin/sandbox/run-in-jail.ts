import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { SandboxShellCommand, SandboxShellResult } from 'openclaw/plugin-sdk/sandbox';

/** Bytes of output of one command of a file tool; OpenClaw's own limit. */
const mostOutputBytes = 100 * 1024 ** 2;

/** Runs one command of a file tool. It fails with what the command printed, unless `allowFailure`. */
export async function runInJail(
  [program = '', ...args]: readonly string[],
  { stdin, signal, allowFailure = false }: Omit<SandboxShellCommand, 'script' | 'args'>,
): Promise<SandboxShellResult> {
  const child = spawn(program, args, { cwd: '/', env: {}, stdio: ['pipe', 'pipe', 'pipe'] });
  const abort = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', abort);
  const collect = (stream: NodeJS.ReadableStream): Buffer[] => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostOutputBytes) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    return chunks;
  };
  const output = [collect(child.stdout), collect(child.stderr)];
  // A command that does not read its input closes it.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  try {
    signal?.throwIfAborted();
    const [code] = await once(child, 'close');
    const [stdout = Buffer.alloc(0), stderr = Buffer.alloc(0)] = output.map((chunks) =>
      Buffer.concat(chunks),
    );
    if (code === 0 || (allowFailure && code !== null)) return { code: code ?? 1, stdout, stderr };
    signal?.throwIfAborted();
    throw new Error(stderr.toString().trim() || `The command in the jail ended with code ${code}.`);
  } finally {
    signal?.removeEventListener('abort', abort);
    child.kill('SIGKILL');
  }
}
