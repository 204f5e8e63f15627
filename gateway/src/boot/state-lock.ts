import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { HqError } from '@hq/shared/errors';
import { readPrivate, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import type { GatewayPaths } from '../environment.ts';

const owner = z.object({ pid: z.number(), host: z.string(), since: z.string() });

/**
 * Locks the state against a second hq-gateway, also one in another container of this machine. The kernel releases the
 * lock with the process, so that none is left by a killed one. Throws `conflict` when the state is locked.
 */
export async function lockState(paths: GatewayPaths): Promise<Disposable> {
  const database = new DatabaseSync(paths.lock, { timeout: 0 });
  try {
    database.exec('begin exclusive');
  } catch (cause) {
    database.close();
    throw await conflict(paths, cause);
  }
  const self: z.input<typeof owner> = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
  };
  await writePrivate(paths.lockOwner, `${JSON.stringify(self)}\n`);
  return { [Symbol.dispose]: () => database.close() };
}

async function conflict(paths: GatewayPaths, cause: unknown): Promise<HqError> {
  const { data } = owner.safeParse(parseJson((await readPrivate(paths.lockOwner)) ?? ''));
  const who =
    data === undefined ? '' : ` It is process ${data.pid} on ${data.host}, started at ${data.since}.`;
  return new HqError('conflict', `Another hq-gateway uses the state in ${paths.state}.${who}`, {
    hint: 'Stop it first, or set OPENCLAW_STATE_DIR to another directory.',
    cause,
  });
}
