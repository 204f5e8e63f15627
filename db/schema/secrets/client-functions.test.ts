import { seal, serviceRoleKey } from '@hq/shared/secrets';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { anon, type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';

const sealed = (value: string) => seal(value, serviceRoleKey('a-key-of-these-tests'));

let database: TestDatabase;
let home: string;
let gateway: string;
let other: { id: string; gateway: string };
let viewer: Caller & { id: string };
let operator: Caller & { id: string };
let foreigner: Caller & { id: string };

beforeAll(async () => {
  database = await cloneDatabase();
  home = (await database.query<{ id: string }>(`select id from gateways`))[0]?.id ?? '';
  gateway = await database.addGateway('main');
  await database.addAgent('worker', gateway);
  other = await database.addTenant('other');
  viewer = await database.addUser({ role: 'viewer' });
  operator = await database.addUser({ role: 'operator' });
  foreigner = await database.addUser({ role: 'admin', tenant: other.id });
});
beforeEach(() => database.query('delete from secrets'));
afterAll(() => database.drop());

interface Answer {
  readonly secret?: Readonly<Record<string, unknown>> & { readonly id: string };
  readonly created?: boolean;
  readonly refused?: { readonly code: string; readonly message: string; readonly field: string | null };
}

async function set(caller: Caller, options: Record<string, unknown> = {}): Promise<Answer> {
  const named = { p_key: 'A_KEY', p_value: sealed('one'), p_gateway: 'main', ...options };
  const list = Object.keys(named).map((name, at) => `${name} => $${at + 1}`);
  const [row] = await database.as<{ answer: Answer }>(
    caller,
    `select set_secret(${list}) as answer`,
    Object.values(named),
  );
  return row?.answer ?? {};
}
async function call(caller: Caller, sql: string, values: readonly unknown[]): Promise<Answer> {
  const [row] = await database.as<{ answer: Answer }>(caller, `select ${sql} as answer`, values);
  return row?.answer ?? {};
}

describe('storing a secret', () => {
  test('makes it, and the second time gives it a new value', async () => {
    const made = await set(operator, { p_name: 'Mail', p_note: 'for the mail', p_category: 'integration' });
    expect(made).toMatchObject({
      created: true,
      secret: { key: 'A_KEY', gateway_id: gateway, agent_id: null, name: 'Mail', category: 'integration' },
    });
    const rotated = await set(operator);
    expect(rotated).toMatchObject({
      created: false,
      secret: {
        id: made.secret?.id,
        revision: 2,
        sync_status: 'pending',
        name: 'Mail',
        note: 'for the mail',
      },
    });
    expect(rotated.secret).toMatchObject({ category: 'integration', updated_by: operator.id });
  });

  test('never answers with the ciphertext', async () => {
    expect(JSON.stringify([await set(operator), await set(operator)])).not.toContain('enc:v1');
  });

  test('finds the gateway by its slug, its id, its agent, or because there is one', async () => {
    expect((await set(operator, { p_gateway: gateway })).secret?.gateway_id).toBe(gateway);
    expect((await set(operator, { p_gateway: null, p_agent: 'worker' })).secret?.gateway_id).toBe(gateway);
    expect((await set(operator, { p_gateway: 'default' })).secret?.gateway_id).toBe(home);
    expect((await set(operator, { p_gateway: null })).refused).toMatchObject({
      code: 'usage',
      field: 'gateway',
    });
    expect((await set(foreigner, { p_gateway: null })).secret?.gateway_id).toBe(other.gateway);
  });

  test.each([
    ['a viewer', () => viewer, {}, { code: 'refused' }],
    [
      'a stranger',
      () => ({ ...viewer, claims: { ...viewer.claims, sub: crypto.randomUUID() } }),
      {},
      { code: 'refused' },
    ],
    ['a value in clear', () => operator, { p_value: 'sk-in-clear' }, { code: 'usage', field: 'value' }],
    ['no value', () => operator, { p_value: null }, { code: 'usage', field: 'value' }],
    ['a reserved name', () => operator, { p_key: 'PATH' }, { code: 'usage', field: 'key' }],
    ['no name', () => operator, { p_key: null }, { code: 'usage', field: 'key' }],
    ['an unknown category', () => operator, { p_category: 'x' }, { code: 'usage', field: 'category' }],
    ['an unknown gateway', () => operator, { p_gateway: 'nowhere' }, { code: 'not_found', field: 'gateway' }],
    [
      'another tenant’s gateway',
      () => foreigner,
      { p_gateway: 'main' },
      { code: 'not_found', field: 'gateway' },
    ],
    [
      'another tenant’s agent',
      () => foreigner,
      { p_gateway: null, p_agent: 'worker' },
      { code: 'not_found', field: 'agent' },
    ],
    [
      'an agent elsewhere',
      () => operator,
      { p_gateway: 'default', p_agent: 'worker' },
      { code: 'not_found', field: 'agent' },
    ],
  ] as const)('is refused for %s, which is told and audited', async (_what, caller, options, refused) => {
    expect((await set(caller(), options)).refused).toMatchObject(refused);
    const [line] = await database.query(
      `select action, summary, a::text as line from audit_log a order by created_at desc limit 1`,
    );
    expect(line).toMatchObject({
      action: 'command.refused',
      summary: expect.stringContaining('set_secret refused'),
    });
    expect(line?.line).not.toContain('sk-in-clear');
    expect(await database.query(`select 1 from secrets`)).toEqual([]);
  });

  test('is for nobody who is not signed in', async () => {
    await expect(set(anon)).rejects.toMatchObject({ code: '42501' });
  });

  test('of many at once makes one secret, and every one of them is its value once', async () => {
    const answers = await Promise.all(Array.from({ length: 16 }, () => set(operator)));
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    const revisions = answers.map(({ secret }) => Number(secret?.revision)).sort((one, two) => one - two);
    expect(revisions).toEqual(Array.from({ length: 16 }, (_, at) => at + 1));
  });

  test('records its origin in the audit log', async () => {
    const { secret } = await set(operator, { p_origin: 'tui' });
    expect(
      await database.query(`select meta->>'origin' as origin from audit_log where entity_id = $1`, [
        secret?.id,
      ]),
    ).toEqual([{ origin: 'tui' }]);
  });
});

describe('noting and deleting a secret', () => {
  test('answers with the row', async () => {
    const { secret } = await set(operator);
    expect((await call(operator, 'note_secret($1, $2)', [secret?.id, 'new'])).secret?.note).toBe('new');
    expect((await call(operator, 'note_secret($1, $2)', [secret?.id, ''])).secret?.note).toBeNull();
    expect((await call(operator, 'delete_secret($1)', [secret?.id])).secret?.id).toBe(secret?.id);
    expect(await database.query(`select 1 from secrets`)).toEqual([]);
  });

  test.each(['note_secret($1, $$x$$)', 'delete_secret($1)'])('is refused: %s', async (sql) => {
    const { secret } = await set(operator);
    expect((await call(viewer, sql, [secret?.id])).refused?.code).toBe('refused');
    expect((await call(foreigner, sql, [secret?.id])).refused?.code).toBe('not_found');
    expect((await call(operator, sql, [crypto.randomUUID()])).refused?.code).toBe('not_found');
    expect(await database.query(`select note from secrets`)).toEqual([{ note: null }]);
  });
});
