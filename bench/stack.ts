import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const stackLine = z.object({
  url: z.string(),
  anonKey: z.string(),
  serviceRoleKey: z.string(),
  databaseUrl: z.string(),
  email: z.string(),
  password: z.string(),
  gatewayId: z.string(),
});

/** Local stack without runner and gateway, as a process: Postgres with fsync, REST, auth and Realtime. */
export interface BenchStack extends z.output<typeof stackLine> {
  stop(): Promise<void>;
}

export async function startBenchStack(): Promise<BenchStack> {
  const program = fileURLToPath(new URL('stack-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await firstLine(child);
  return {
    ...stackLine.parse(JSON.parse(line)),
    stop: () => {
      child.stdin.end();
      return closed(child);
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the child has no stdout');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the child ended before it was ready');
}

export function closed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('close', () => resolve()));
}
