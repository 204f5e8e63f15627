import { randomBytes } from 'node:crypto';
import { HqError } from '@hq/shared/errors';
import { readPrivate, writePrivate } from '@hq/shared/program';

/** Returns the token of OpenClaw's port; creates it at the first start. */
export async function readToken(file: string): Promise<string> {
  const existing = (await readPrivate(file))?.trim() ?? '';
  if (existing.length >= 32) return existing;
  if (existing !== '') {
    throw new HqError('failed', `The token of the gateway in ${file} is too short.`, {
      hint: 'Remove the file; the next start creates a new token.',
    });
  }
  const token = randomBytes(32).toString('hex');
  await writePrivate(file, token);
  return token;
}
