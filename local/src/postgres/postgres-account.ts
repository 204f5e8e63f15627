import { readFile } from 'node:fs/promises';
import { HqError } from '@hq/shared/errors';

/** Account that exists in /etc/passwd; HQ never creates or changes one. */
export interface PostgresAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const preferred = ['postgres', 'nobody'];

/** Returns the account to run Postgres under, since it refuses to run as root; undefined for an ordinary user. */
export async function postgresAccount(): Promise<PostgresAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (process.platform !== 'linux') {
    throw new HqError('failed', 'Postgres cannot be run by root on this system.', {
      hint: 'Start HQ as an ordinary user.',
    });
  }
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of preferred) {
    const found = accounts.find(([name]) => name === wanted);
    if (!found) continue;
    const [name = wanted, , uid, gid] = found;
    if (Number(uid) > 0 && Number(gid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new HqError('failed', 'Postgres refuses to run as root, and there is no account to run it under.', {
    hint: 'Start HQ as an ordinary user, or add an account named postgres.',
  });
}
