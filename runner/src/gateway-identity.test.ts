import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { connectDatabase, type Database } from './database.ts';
import { type IdentityOptions, identifyGateway } from './gateway-identity.ts';

let stack: TestStack;
let database: Database;
let directory: string;
beforeAll(async () => {
  stack = await startTestStack();
  database = connectDatabase({ url: stack.url, serviceRoleKey: stack.serviceRoleKey });
});
afterAll(async () => {
  database.close();
  await stack.close();
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hq-identity-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const file = () => join(directory, 'secrets', 'gateway-identity.json');
const log = createLog('fatal', createRedactor([]));
const identify = (more: Partial<IdentityOptions>) =>
  identifyGateway(
    {
      database,
      directory: join(directory, 'secrets'),
      gatewayId: undefined,
      token: undefined,
      name: 'rack-7',
      log,
      ...more,
    },
    AbortSignal.timeout(20_000),
  );

async function issueToken(expiry = '15 minutes'): Promise<string> {
  const token = crypto.randomUUID().replaceAll('-', '').padEnd(48, '0');
  await stack.database.behindTheGuard(
    `insert into public.gateway_registration_tokens (token_hash, expires_at)
     values (encode(sha256('${token}'), 'hex'), now() + interval '${expiry}')`,
  );
  return token;
}

const slugOf = async (id: string) =>
  (await stack.database.query('select slug from public.gateways where id = $1', [id]))[0]?.slug;

describe('a new host', () => {
  it('registers once and is the same gateway from then on, also without the token', async () => {
    const token = await issueToken();
    const id = await identify({ token });
    expect(await slugOf(id)).toBe('rack-7');
    expect(await identify({ token })).toBe(id);
    expect(await identify({})).toBe(id);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readFileSync(file(), 'utf8')).not.toContain(token);
  });

  it('gets a number where its name is taken, and keeps it', async () => {
    const id = await identify({ token: await issueToken() });
    expect(await slugOf(id)).toMatch(/^rack-7-\d+$/);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ gatewayId: id, slug: await slugOf(id) });
  });

  it('adopts its gateway where it was killed before it recorded it', async () => {
    const token = await issueToken();
    const id = await identify({ token });
    rmSync(file());
    const count = () => stack.database.query('select count(*)::int as count from public.gateways');
    const before = await count();
    expect(await identify({ token })).toBe(id);
    expect(await count()).toEqual(before);
  });

  it('is refused with a token that another host has used, that is old, or that nobody issued', async () => {
    const used = await issueToken();
    const id = await identify({ token: used });
    await stack.database.behindTheGuard(`update public.gateways set last_seen_at = now() where id = '${id}'`);
    rmSync(file());
    const fault = { code: 'usage', field: 'GATEWAY_REGISTRATION_TOKEN' };
    await expect(identify({ token: used })).rejects.toMatchObject(fault);
    const old = await issueToken('-1 minute');
    await expect(identify({ token: old })).rejects.toMatchObject({
      ...fault,
      message: expect.stringContaining('token_expired'),
    });
    const unknown = identify({ token: 'f'.repeat(48) });
    await expect(unknown).rejects.toMatchObject({ ...fault, message: expect.stringContaining('not known') });
    await expect(identify({})).rejects.toMatchObject({ code: 'usage', field: 'GATEWAY_ID' });
  });

  it('serves the gateway that is named, whatever was registered', async () => {
    await identify({ token: await issueToken() });
    expect(await slugOf(await identify({ gatewayId: 'default' }))).toBe('default');
  });
});
