import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';
import { exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let gateway: string;
let elsewhere: string;
let agent: string;

beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('main');
  elsewhere = await database.addGateway('elsewhere');
  agent = await database.addAgent('worker', gateway);
});
beforeEach(() => database.query('delete from secrets'));
afterAll(() => database.drop());

interface Snapshot {
  readonly version: number | null;
  readonly agents: readonly { readonly id: string; readonly slug: string }[];
  readonly secrets: readonly { readonly id: string; readonly key: string; readonly revision: number }[];
}

async function snapshot(of = gateway): Promise<Snapshot | undefined> {
  const [row] = await database.as<{ s: Snapshot }>(service, `select secrets_snapshot($1) as s`, [of]);
  return row?.s;
}
async function synced(results: unknown, of = gateway): Promise<number | undefined> {
  const [row] = await database.as<{ n: number }>(service, `select secrets_synced($1, $2) as n`, [
    of,
    JSON.stringify(results),
  ]);
  return row?.n;
}
const add = async (key: string, agentId: string | null = null): Promise<string> => {
  const [row] = await database.query<{ id: string }>(
    `insert into secrets (gateway_id, agent_id, key, encrypted_value) values ($1, $2, $3, 'enc:v1:' || $3) returning id`,
    [gateway, agentId, key],
  );
  return row?.id ?? '';
};
const state = async (id: string) =>
  (
    await database.query(
      `select sync_status, sync_error, last_synced_at is not null as has_synced from secrets where id = $1`,
      [id],
    )
  )[0];

describe('a snapshot', () => {
  test('holds all that makes a gateway’s files', async () => {
    const [ofGateway, ofAgent] = [await add('A_KEY'), await add('B_KEY', agent)];
    const early = await database.addAgent('early', null);
    const waiting = await add('C_KEY', early);
    const read = await snapshot();
    expect(read?.agents).toEqual([{ id: agent, slug: 'worker' }]);
    expect(read?.secrets.toSorted((one, two) => one.key.localeCompare(two.key))).toMatchObject([
      { id: ofGateway, agent_id: null, agent_slug: null, key: 'A_KEY', encrypted_value: 'enc:v1:A_KEY' },
      { id: ofAgent, agent_id: agent, agent_slug: 'worker', revision: 1, sync_status: 'pending' },
      { id: waiting, agent_id: early, agent_slug: null, category: 'user', sync_error: null },
    ]);
    await database.query('delete from agents where id = $1', [early]);
  });

  test('is empty for a gateway without any, and has no version for one that is gone', async () => {
    expect(await snapshot(elsewhere)).toMatchObject({ version: expect.any(Number), agents: [], secrets: [] });
    expect(await snapshot(crypto.randomUUID())).toEqual({ version: null, agents: [], secrets: [] });
  });

  test('has the version that every exchange returns', async () => {
    const turn = async () => (await exchange(database, { gateway })).secrets_version ?? Number.NaN;
    const before = await turn();
    await add('A_KEY');
    expect(await turn()).toBe(before + 1);
    expect((await snapshot())?.version).toBe(before + 1);
  });
});

describe('what became of secrets', () => {
  test('is written where it differs, and only there', async () => {
    const [one, two, three] = [await add('A_KEY'), await add('B_KEY'), await add('C_KEY')];
    const results = [
      { id: one, revision: 1, status: 'active' },
      { id: two, revision: 1, status: 'error', error: 'it cannot be read' },
      { id: three, revision: 1, status: 'waiting', error: 'its agent is not here' },
    ];
    expect(await synced(results)).toBe(3);
    expect(await state(one)).toEqual({ sync_status: 'active', sync_error: null, has_synced: true });
    expect(await state(two)).toEqual({
      sync_status: 'error',
      sync_error: 'it cannot be read',
      has_synced: false,
    });
    expect(await state(three)).toMatchObject({ sync_status: 'waiting', has_synced: false });

    const [at] = await database.query(`select last_synced_at, xmin from secrets where id = $1`, [one]);
    expect(await synced(results)).toBe(0);
    expect(await database.query(`select last_synced_at, xmin from secrets where id = $1`, [one])).toEqual([
      at,
    ]);
  });

  test('of an earlier value, of another gateway, or of a row that is gone changes nothing', async () => {
    const id = await add('A_KEY');
    await database.query(`update secrets set encrypted_value = 'enc:v1:new'`);
    expect(await synced([{ id, revision: 1, status: 'active' }])).toBe(0);
    expect(await synced([{ id, revision: 2, status: 'active' }], elsewhere)).toBe(0);
    expect(await synced([{ id: crypto.randomUUID(), revision: 1, status: 'active' }])).toBe(0);
    expect(await synced([{ id, revision: 2, status: 'pending' }])).toBe(0);
    expect(await state(id)).toMatchObject({ sync_status: 'pending' });
    expect(await synced([{ id, revision: 2, status: 'active', error: 'not of this' }])).toBe(1);
    expect(await state(id)).toMatchObject({ sync_status: 'active', sync_error: null });
  });

  test('may be five thousand in one request, and moves no version', async () => {
    await database.query(
      `insert into secrets (gateway_id, key, encrypted_value) select $1, 'K' || n, 'enc:v1:' from generate_series(1, 5000) n`,
      [gateway],
    );
    const read = await snapshot();
    const results = read?.secrets.map(({ id, revision }) => ({ id, revision, status: 'active' }));
    expect(results).toHaveLength(5000);
    expect(await synced(results)).toBe(5000);
    expect((await snapshot())?.version).toBe(read?.version);
    expect(await synced(results)).toBe(0);
  });

  test('of two runners at once, in whatever order, stops neither', async () => {
    await database.query(
      `insert into secrets (gateway_id, key, encrypted_value) select $1, 'K' || n, 'enc:v1:' from generate_series(1, 200) n`,
      [gateway],
    );
    const results =
      (await snapshot())?.secrets.map(({ id }) => ({ id, revision: 1, status: 'active' })) ?? [];
    const written = await Promise.all([
      synced(results),
      synced(results.toReversed()),
      synced(results),
      synced(results.toReversed()),
    ]);
    expect(written.reduce((sum: number, n) => sum + (n ?? 0), 0)).toBe(200);
  });
});
