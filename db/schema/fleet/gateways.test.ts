import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anon, cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

async function mint(expiresIn = '15 minutes'): Promise<string> {
  const token = randomBytes(24).toString('hex');
  await database.query(
    `insert into gateway_registration_tokens (token_hash, label, expires_at) values ($1, 'Attic', now() + $2::interval)`,
    [createHash('sha256').update(token).digest('hex'), expiresIn],
  );
  return token;
}

const consume = (token: string | null, label: string | null = null, slug: string | null = null) =>
  database.as<{ gateway_id: string; gateway_slug: string }>(
    anon,
    `select * from consume_gateway_token($1, $2, $3)`,
    [token, label, slug],
  );

test('a fresh HQ has its primary gateway', async () => {
  expect(
    await database.query(`select slug, label, status from gateways where tenant_id = $1`, [nilTenant]),
  ).toEqual([{ slug: 'default', label: 'Primary gateway', status: 'provisioning' }]);
});

test('a token registers one gateway, once, even when it is used twice at the same moment', async () => {
  const token = await mint();
  const outcomes = await Promise.allSettled([consume(token), consume(token), consume(token)]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await database.query(`select slug from gateways where label = 'Attic'`)).toEqual([
    { slug: 'attic' },
  ]);
  await expect(consume(token)).rejects.toMatchObject({ code: '28000', message: 'invalid_token' });
});

test('a slug that is taken gets a number', async () => {
  const slugs: (string | undefined)[] = [];
  for (let n = 0; n < 3; n += 1)
    slugs.push((await consume(await mint(), null, 'Büro  West'))[0]?.gateway_slug);
  expect(slugs).toEqual(['b-ro-west', 'b-ro-west-2', 'b-ro-west-3']);
});

test('an unknown token and one that is too old register nothing', async () => {
  await expect(consume('nope')).rejects.toMatchObject({ code: '28000', message: 'invalid_token' });
  await expect(consume(null)).rejects.toMatchObject({ code: '28000', message: 'invalid_token' });
  await expect(consume(await mint('-1 second'))).rejects.toMatchObject({
    code: '28000',
    message: 'token_expired',
  });
});

test('a gateway that is deleted takes neither its history nor its agents with it', async () => {
  const gateway = await database.addGateway('short-lived');
  const agent = await database.addAgent('survivor', gateway);
  await database.query(`insert into agent_commands (action, gateway_id) values ('ping', $1)`, [gateway]);
  await database.query(
    `update gateway_registration_tokens set consumed_by_gateway_id = $1 where consumed_at is null`,
    [gateway],
  );
  await database.query(`delete from gateways where id = $1`, [gateway]);
  expect(await database.query(`select gateway_id from agents where id = $1`, [agent])).toEqual([
    { gateway_id: null },
  ]);
  expect(await database.query(`select action from agent_commands where gateway_id is null`)).toEqual([
    { action: 'ping' },
  ]);
});
