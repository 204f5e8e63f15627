import {
  providerOfKey,
  reservedNames,
  reservedPrefixes,
  seal,
  secretNameFault,
  serviceRoleKey,
} from '@hq/shared/secrets';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Caller, cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';
import { exchange } from '../../testing/exchange.ts';

const key = serviceRoleKey('a-key-of-these-tests');
const sealed = (value: string) => seal(value, key);

let database: TestDatabase;
let gateway: string;
let agent: string;
let other: { id: string; gateway: string };
let foreignAgent: string;
let viewer: Caller & { id: string };
let operator: Caller & { id: string };

beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('main');
  agent = await database.addAgent('worker', gateway);
  other = await database.addTenant('other');
  foreignAgent = await database.addAgent('theirs', other.gateway, other.id);
  viewer = await database.addUser({ role: 'viewer' });
  operator = await database.addUser({ role: 'operator' });
});
beforeEach(() => database.query('delete from secrets'));
afterAll(() => database.drop());

const insert = (caller: Caller, secret: Record<string, unknown> = {}) => {
  const row = { gateway_id: gateway, key: 'A_KEY', encrypted_value: sealed('one'), ...secret };
  const names = Object.keys(row);
  return database.as<{ id: string }>(
    caller,
    `insert into secrets (${names}) values (${names.map((_, at) => `$${at + 1}`)}) returning id`,
    Object.values(row),
  );
};
const only = async () => (await database.query(`select * from secrets`))[0];
const version = async (of = gateway) =>
  Number(
    (await database.query(`select secrets_version from gateways where id = $1`, [of]))[0]?.secrets_version,
  );
/** By how much the version of a gateway moves while this happens. */
async function moves(work: () => Promise<unknown>, of = gateway): Promise<number> {
  const before = await version(of);
  await work();
  return (await version(of)) - before;
}

describe('the name of a secret', () => {
  test('is checked by SQL and by the clients alike, word for word', async () => {
    const names = [
      ...reservedNames,
      ...reservedPrefixes.flatMap((prefix) => [prefix, `${prefix}X`, prefix.slice(0, -1)]),
      ...providerOfKey.keys(),
      ...[
        '',
        'a',
        'A',
        '9A',
        '_A',
        'A-B',
        'A B',
        'A\n',
        'Ä',
        'PATHS',
        'SUPABASEX',
        'A%',
        'X'.repeat(128),
        'X'.repeat(129),
      ],
    ];
    const judged = await database.query<{ name: string; fault: string | null }>(
      `select name, hq.secret_name_fault(name) as fault from unnest($1::text[]) with ordinality n (name, at) order by at`,
      [names],
    );
    expect(judged).toEqual(names.map((name) => ({ name, fault: secretNameFault(name) })));
  });

  test('is reserved in one list that both know', async () => {
    const [found] = await database.query<{ definition: string }>(
      `select pg_get_functiondef('hq.secret_name_fault(text)'::regprocedure) as definition`,
    );
    const [names, prefixes] = [...(found?.definition ?? '').matchAll(/array\[([^\]]*)\]/g)].map(([, list]) =>
      [...(list ?? '').matchAll(/'([^']*)'/g)].map(([, name]) => name),
    );
    expect(names).toEqual(reservedNames);
    expect(prefixes).toEqual(reservedPrefixes);
  });

  test.each(['lower', '', 'X'.repeat(10_000), 'LD_PRELOAD'])(
    'is refused to everyone: %.20s',
    async (name) => {
      for (const caller of [operator, service]) {
        await expect(insert(caller, { key: name })).rejects.toMatchObject({ code: '22023', column: 'key' });
      }
    },
  );

  test('belongs to one secret of a gateway, and to one of each agent', async () => {
    await insert(operator);
    await insert(operator, { agent_id: agent });
    await expect(insert(operator)).rejects.toMatchObject({ code: '23505' });
    await expect(insert(operator, { agent_id: agent })).rejects.toMatchObject({ code: '23505' });
  });
});

describe('the value of a secret', () => {
  test.each([
    ['a value in clear', 'sk-in-clear'],
    ['nothing', ''],
    ['the bare prefix', 'enc:v1:'],
    ['another version', sealed('x').replace('v1', 'v2')],
    ['a cut envelope', sealed('x').slice(0, 30)],
    ['more than 64 KiB', sealed('x'.repeat(65_537))],
  ])('cannot be %s when a member writes it', async (_what, value) => {
    const refusal = { code: '22023', column: 'value' };
    await expect(insert(operator, { encrypted_value: value })).rejects.toMatchObject(refusal);
    await insert(operator);
    await expect(
      database.as(operator, `update secrets set encrypted_value = $1`, [value]),
    ).rejects.toMatchObject(refusal);
  });

  test('may have 64 KiB, and the older form', async () => {
    await insert(operator, { encrypted_value: sealed('x'.repeat(65_536)) });
    await insert(operator, { key: 'OLDER', encrypted_value: sealed('x').replace('enc:v1:', 'enc:v1:.') });
  });

  test('is read by the service role alone', async () => {
    await insert(operator);
    for (const sql of [
      'select encrypted_value from secrets',
      'select * from secrets',
      'select count(*) from secrets where encrypted_value like $$enc:v1:A%$$',
      'select to_jsonb(s) from secrets s',
      'update secrets set note = encrypted_value',
      'delete from secrets returning encrypted_value',
    ]) {
      await expect(database.as(operator, sql), sql).rejects.toMatchObject({ code: '42501' });
    }
    expect(await database.as(viewer, `select key, sync_status from secrets`)).toEqual([
      { key: 'A_KEY', sync_status: 'pending' },
    ]);
    expect(await database.as(service, `select encrypted_value from secrets`)).toHaveLength(1);
  });

  test('is published by no publication', async () => {
    const published = await database.query<{ attnames: string[] }>(
      `select attnames::text[] from pg_publication_tables where tablename = 'secrets'`,
    );
    expect(published).toHaveLength(1);
    expect(published[0]?.attnames).toContain('sync_status');
    expect(published[0]?.attnames).not.toContain('encrypted_value');
  });
});

describe('the place of a secret', () => {
  test('is a gateway of the tenant and an agent of that gateway, for everyone', async () => {
    const elsewhere = await database.addGateway('elsewhere');
    const absent = { code: 'P0002' };
    for (const caller of [operator, service]) {
      await expect(insert(caller, { gateway_id: other.gateway })).rejects.toMatchObject(absent);
      await expect(insert(caller, { agent_id: foreignAgent })).rejects.toMatchObject(absent);
      await expect(insert(caller, { agent_id: agent, gateway_id: elsewhere })).rejects.toMatchObject(absent);
    }
    await insert(operator);
    await expect(
      database.as(service, `update secrets set gateway_id = $1`, [other.gateway]),
    ).rejects.toMatchObject(absent);
  });

  test('is not a member’s to change', async () => {
    await insert(operator);
    for (const column of [
      'key',
      'gateway_id',
      'agent_id',
      'tenant_id',
      'sync_status',
      'revision',
      'updated_by',
    ]) {
      await expect(
        database.as(operator, `update secrets set ${column} = ${column}`),
        column,
      ).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('may be an agent that is on no gateway yet', async () => {
    const early = await database.addAgent('early', null);
    await expect(insert(operator, { agent_id: early })).resolves.toHaveLength(1);
  });

  test('ends with its agent, and with its gateway', async () => {
    const leaving = await database.addAgent('leaving', gateway);
    const leavingGateway = await database.addGateway('leaving');
    await insert(operator, { agent_id: leaving });
    await insert(operator, { gateway_id: leavingGateway });
    await database.query(`delete from agents where id = $1`, [leaving]);
    await database.query(`delete from gateways where id = $1`, [leavingGateway]);
    expect(await only()).toBeUndefined();
  });
});

describe('what is known of a secret', () => {
  test('begins as nobody can forge it', async () => {
    await insert(operator, {
      sync_status: 'active',
      revision: 99,
      last_synced_at: '2020-01-01',
      updated_at: '2020-01-01',
      updated_by: viewer.id,
    });
    expect(await only()).toMatchObject({
      sync_status: 'pending',
      revision: '1',
      last_synced_at: null,
      updated_by: operator.id,
    });
    expect((await only())?.updated_at.getFullYear()).toBeGreaterThan(2020);
  });

  test('is pending again with a new value, in its next revision, and stays so with a note', async () => {
    await insert(operator);
    const synced = () =>
      database.query(`update secrets set sync_status = 'error', sync_error = 'no', updated_by = null`);
    await synced();
    await database.as(operator, `update secrets set note = 'mine'`);
    expect(await only()).toMatchObject({ sync_status: 'error', sync_error: 'no', revision: '1' });
    await database.as(operator, `update secrets set encrypted_value = $1`, [sealed('two')]);
    expect(await only()).toMatchObject({
      sync_status: 'pending',
      sync_error: null,
      revision: '2',
      updated_by: operator.id,
    });
  });

  test('says when someone changed it, not when the runner looked', async () => {
    await insert(operator);
    const changed = (await only())?.updated_at;
    await database.as(service, `update secrets set sync_status = 'active', last_synced_at = now()`);
    expect((await only())?.updated_at).toEqual(changed);
  });

  test.each([
    ['category', 'sudo'],
    ['name', 'x'.repeat(201)],
    ['note', 'x'.repeat(2001)],
  ])('has a %s within bounds', async (column, value) => {
    await expect(insert(operator, { [column]: value })).rejects.toMatchObject({ code: '22023', column });
  });
});

describe('the version of a gateway’s secrets', () => {
  test('moves once for a statement, however many rows it has', async () => {
    expect(await moves(() => insert(operator))).toBe(1);
    expect(
      await moves(() =>
        database.query(
          `insert into secrets (gateway_id, key, encrypted_value) select $1, 'K' || n, 'enc:v1:' from generate_series(1, 500) n`,
          [gateway],
        ),
      ),
    ).toBe(1);
    expect(await moves(() => database.query(`update secrets set encrypted_value = 'enc:v1:x'`))).toBe(1);
    expect(await moves(() => database.query(`delete from secrets`))).toBe(1);
  });

  test('moves for what changes a file and for nothing else', async () => {
    await insert(operator);
    const steps: [string, number][] = [
      [`update secrets set category = 'integration'`, 1],
      [`update secrets set key = 'ANOTHER'`, 1],
      [`update secrets set agent_id = '${agent}'`, 1],
      [`update secrets set note = 'a note', name = 'a name'`, 0],
      [`update secrets set sync_status = 'active', last_synced_at = now()`, 0],
      [`update secrets set encrypted_value = encrypted_value`, 0],
      [`update agents set description = 'x' where id = '${agent}'`, 0],
      [`update agents set slug = 'renamed' where id = '${agent}'`, 1],
      [`delete from secrets where false`, 0],
    ];
    for (const [sql, by] of steps) expect([sql, await moves(() => database.query(sql))]).toEqual([sql, by]);
  });

  test('moves on both gateways with what goes from one to the other', async () => {
    const next = await database.addGateway('next');
    const wanderer = await database.addAgent('wanderer', gateway);
    const goes = () => database.query(`update agents set gateway_id = $1 where id = $2`, [next, wanderer]);
    expect(await moves(() => moves(goes, next).then((by) => expect(by).toBe(1)))).toBe(1);
    expect(await moves(() => database.query(`delete from agents where id = $1`, [wanderer]), next)).toBe(1);
    expect(await moves(() => database.addAgent('newcomer', next), next)).toBe(1);
    await insert(operator);
    const moved = () => database.query(`update secrets set gateway_id = $1`, [next]);
    expect(await moves(() => moves(moved, next).then((by) => expect(by).toBe(1)))).toBe(1);
  });

  test('counts every one of many that write at once', async () => {
    const before = await version();
    await Promise.all(Array.from({ length: 24 }, (_, at) => insert(operator, { key: `AT_ONCE_${at}` })));
    expect((await version()) - before).toBe(24);
    const rotate = (at: number) =>
      database.as(operator, `update secrets set encrypted_value = $1 where key = $2`, [
        sealed('x'),
        `AT_ONCE_${at % 6}`,
      ]);
    await Promise.all([
      ...Array.from({ length: 24 }, (_, at) => rotate(at)),
      database.query(`update agents set slug = 'again' where id = $1`, [agent]),
    ]);
    expect((await version()) - before).toBe(49);
  });

  test('deadlocks with nobody: not with a runner’s exchanges, nor with agents and gateways that are deleted while their secrets are written', async () => {
    for (let round = 0; round < 30; round += 1) {
      const place = await database.addGateway(`busy-${round}`);
      const leaving = await database.addAgent(`leaving-${round}`, place);
      const held = crypto.randomUUID();
      await insert(operator, { gateway_id: place, agent_id: leaving });
      await database.behindTheGuard(
        `insert into agent_commands (gateway_id, agent_id, agent_slug, action, status, lease_token, runner_id, leased_until)
         values ($1, $2, $3, 'update', 'running', $4, 'runner-1', now() + interval '1 minute')`,
        [place, leaving, `leaving-${round}`, held],
      );
      const turns = Array.from({ length: 3 }, () =>
        exchange(database, { gateway: place, claim: 5, renew: [held], beat: {} }),
      );
      const writes = Array.from({ length: 3 }, () =>
        database.as(operator, `select set_secret('A_KEY', $1, $2, $3) as a`, [sealed('x'), place, leaving]),
      );
      await Promise.all([
        ...turns,
        ...writes,
        database.as(operator, `select delete_secret((select id from secrets where gateway_id = $1))`, [
          place,
        ]),
        ...(round % 2 === 0
          ? [
              database.query(`delete from agents where id = $1`, [leaving]),
              database.query(`update agents set slug = slug || 'x' where id = $1`, [leaving]),
            ]
          : [database.query(`delete from gateways where id = $1`, [place])]),
      ]);
    }
    expect(await only()).toBeUndefined();
  });

  test('of another tenant stays where it is', async () => {
    expect(await moves(() => insert(operator), other.gateway)).toBe(0);
  });
});
