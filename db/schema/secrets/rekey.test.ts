import { seal, serviceRoleKey, unseal } from '@hq/shared/secrets';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Caller, cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';

const earlier = serviceRoleKey('the-earlier-key');
const present = serviceRoleKey('the-present-key');

let database: TestDatabase;
let gateway: string;
let other: { id: string; gateway: string };
let operator: Caller & { id: string };

beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('main');
  other = await database.addTenant('other');
  operator = await database.addUser({ role: 'operator' });
});
beforeEach(async () => {
  await database.query('delete from secrets');
  await database.query(
    `insert into secrets (tenant_id, gateway_id, key, encrypted_value)
     select $1, $2, 'K' || n, v from unnest($3::text[]) with ordinality e (v, n)`,
    [
      (await database.query(`select hq.nil_tenant() as id`))[0]?.id,
      gateway,
      values.map((v) => seal(v, earlier)),
    ],
  );
  await database.query(`update secrets set sync_status = 'active'`);
});
afterAll(() => database.drop());

const values = Array.from({ length: 12 }, (_, at) => `value ${at}`);

interface Envelope {
  readonly id: string;
  readonly encrypted_value: string;
}

async function read(after: string | null, limit: number): Promise<readonly Envelope[]> {
  const [row] = await database.as<{ e: Envelope[] }>(service, `select secret_envelopes($1, $2) as e`, [
    after,
    limit,
  ]);
  return row?.e ?? [];
}
async function replace(rows: unknown, actor: string | null = null, last = false): Promise<readonly string[]> {
  const [row] = await database.as<{ ids: string[] }>(service, `select replace_envelopes($1, $2, $3) as ids`, [
    JSON.stringify(rows),
    actor,
    last,
  ]);
  return row?.ids ?? [];
}
/** Replaces one row as re-keying does. */
const changed = ({ id, encrypted_value: old }: Envelope) => ({
  id,
  old,
  new: seal(unseal(old, { current: present, previous: [earlier] }).plaintext, present),
});
const stored = async () =>
  (await read(null, 5000)).map((row) =>
    unseal(row.encrypted_value, { current: present, previous: [earlier] }),
  );

describe('changing the key', () => {
  test('reads every row once, of every tenant, in batches', async () => {
    await database.query(
      `insert into secrets (tenant_id, gateway_id, key, encrypted_value) values ($1, $2, 'THEIRS', 'enc:v1:')`,
      [other.id, other.gateway],
    );
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const batch = await read(after, 5);
      if (batch.length === 0) break;
      seen.push(...batch.map(({ id }) => id));
      after = batch.at(-1)?.id ?? null;
    }
    expect(seen).toHaveLength(13);
    expect(seen).toEqual([...new Set(seen)].sort());
  });

  test('leaves values, states, revisions, dates and the log of rotations as they are', async () => {
    const photograph = () =>
      database.query(
        `select id, key, sync_status, revision, updated_at, updated_by from secrets order by id`,
      );
    const before = await photograph();
    const rotations = () => database.query(`select 1 from audit_log where action = 'secret.rotated'`);
    const rotated = (await rotations()).length;
    const replaced = await replace((await read(null, 5000)).map(changed));
    expect(replaced).toHaveLength(12);
    expect(await photograph()).toEqual(before);
    expect(await rotations()).toHaveLength(rotated);
    const after = await stored();
    expect(after.map(({ plaintext }) => plaintext).sort()).toEqual(values.toSorted());
    expect(new Set(after.map(({ fingerprint }) => fingerprint))).toEqual(new Set([present.fingerprint]));
  });

  test('keeps what was rotated since it was read', async () => {
    const rows = await read(null, 5000);
    const newer = seal('newer', present);
    await database.as(operator, `select set_secret('K1', $1, 'main')`, [newer]);
    const replaced = await replace(rows.map(changed));
    expect(replaced).toHaveLength(11);
    expect(await database.query(`select encrypted_value from secrets where key = 'K1'`)).toEqual([
      { encrypted_value: newer },
    ]);
  });

  test('loses no rotation that happens at the same moment', async () => {
    const rotate = (at: number) =>
      database.as(operator, `select set_secret($1, $2, 'main')`, [`K${at}`, seal(`newer ${at}`, present)]);
    const rows = (await read(null, 5000)).map(changed);
    await Promise.all([
      replace(rows.slice(0, 6)),
      ...values.map((_, at) => rotate(at + 1)),
      replace(rows.slice(6).toReversed()),
      replace(rows),
    ]);
    const kept = (await stored()).map(({ plaintext }) => plaintext).sort();
    expect(kept).toEqual(values.map((_, at) => `newer ${at + 1}`).sort());
  });

  test('may be done twice, and ends with a line in the log and every gateway reading again', async () => {
    const versions = () => database.query(`select id, secrets_version::int as v from gateways order by id`);
    const rows = (await read(null, 5000)).map(changed);
    const before = await versions();
    expect(await replace(rows.slice(0, 4))).toHaveLength(4);
    expect(await replace(rows)).toHaveLength(8);
    expect(await versions()).toEqual(before);
    expect(await replace([], operator.id, true)).toEqual([]);
    expect(await versions()).toEqual(before.map(({ id, v }) => ({ id, v: id === gateway ? v + 1 : v })));
    expect(
      await database.query(
        `select actor_type, actor_user_id, summary from audit_log where action = 'secret.rekeyed'`,
      ),
    ).toEqual([
      {
        actor_type: 'human',
        actor_user_id: operator.id,
        summary: '12 secrets encrypted under the present key',
      },
    ]);
  });

  test('puts nothing in that is not encrypted', async () => {
    const [row] = await read(null, 1);
    await expect(
      replace([{ id: row?.id, old: row?.encrypted_value, new: 'in clear' }]),
    ).rejects.toMatchObject({ code: '22023' });
  });
});
