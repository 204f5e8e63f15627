import { rm } from 'node:fs/promises';
import { readPrivate, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

/** Address and credentials of a running HQ, on stdout with --no-tui and in its run file. */
const runningStack = z.object({
  url: z.string(),
  anonKey: z.string(),
  serviceRoleKey: z.string(),
  jwtSecret: z.string(),
  email: z.string(),
  password: z.string(),
  /** Account of hq-bots. */
  botEmail: z.string(),
  botPassword: z.string(),
  gatewayHome: z.string(),
  pid: z.number(),
});
export type RunningStack = z.output<typeof runningStack>;

export async function writeRunFile(path: string, stack: RunningStack): Promise<void> {
  await writePrivate(path, `${JSON.stringify(stack)}\n`);
}

/** Returns undefined if there is none yet, or if another process than `pid` wrote it. */
export async function readRunFile(path: string, pid: number | undefined): Promise<RunningStack | undefined> {
  const text = await readPrivate(path);
  if (text === undefined) return undefined;
  const { data } = runningStack.safeParse(parseJson(text));
  return data && (pid === undefined || data.pid === pid) ? data : undefined;
}

export async function removeRunFile(path: string): Promise<void> {
  await rm(path, { force: true });
}
