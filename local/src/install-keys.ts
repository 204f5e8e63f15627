import { createHmac, randomBytes } from 'node:crypto';
import { HqError } from '@hq/shared/errors';
import { readPrivate, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

const keys = z.object({
  /** Identifies this installation in a database that several may share. */
  installation: z.string().min(1),
  jwtSecret: z.string().min(32),
  /** Passwords of the bundled Postgres: its superuser, and the owner of HQ's tables. */
  superuserPassword: z.string().min(16),
  ownerPassword: z.string().min(16),
  email: z.string(),
  password: z.string().min(16),
});
export type InstallKeys = z.output<typeof keys>;

/** Account of this installation's chat bot. */
export const botEmail = 'bot@hq.local';

/** Derives the bot's password from a stored key, so that older installations have one too. */
export function botPassword({ jwtSecret }: InstallKeys): string {
  return createHmac('sha256', jwtSecret).update('password of the chat bot').digest('hex');
}

/** Reads the secrets of this installation, or creates them in a file of mode 0600. */
export async function installKeys(path: string): Promise<InstallKeys> {
  const text = await readPrivate(path);
  if (text !== undefined) {
    const parsed = keys.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new HqError('failed', `${path} is damaged.`, {
      hint: 'Restore it from a backup; without it the data directory cannot be opened.',
    });
  }
  const made: InstallKeys = {
    installation: randomBytes(8).toString('hex'),
    jwtSecret: randomBytes(32).toString('hex'),
    superuserPassword: randomBytes(24).toString('hex'),
    ownerPassword: randomBytes(24).toString('hex'),
    email: 'admin@hq.local',
    password: randomBytes(24).toString('hex'),
  };
  await writePrivate(path, `${JSON.stringify(made, null, 2)}\n`);
  return made;
}
