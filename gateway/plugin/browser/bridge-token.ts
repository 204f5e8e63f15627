import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, HqError } from '@hq/shared/errors';

/** Port of the bridge on loopback, for the profiles in OpenClaw's configuration. */
export const bridgePort = 18_792;

/**
 * Returns the key of the browsers' tokens, which stays the same while the state directory exists. The plugin and the
 * writer of OpenClaw's configuration both read it; the first one creates it.
 */
export function bridgeKey(stateDir: string): Buffer {
  const directory = join(stateDir, 'hq');
  const file = join(directory, 'browser.key');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const partial = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(partial, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(partial, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(partial, { force: true });
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex');
  if (key.length === 32) return key;
  throw new HqError('failed', `The file ${file} is damaged.`, {
    hint: 'Remove it; the next start creates a new one.',
  });
}

/** Returns the token that opens one agent's browser. */
export function bridgeToken(key: Buffer, agent: string): string {
  return createHmac('sha256', key).update(`browser:${agent}`).digest('hex');
}

/** Returns the agent whose token this is. */
export function agentOfToken(key: Buffer, agents: Iterable<string>, token: string): string | undefined {
  const given = Buffer.from(token);
  for (const agent of agents) {
    const expected = Buffer.from(bridgeToken(key, agent));
    if (expected.length === given.length && timingSafeEqual(expected, given)) return agent;
  }
  return undefined;
}
