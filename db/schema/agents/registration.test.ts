import { afterAll, beforeAll, expect, test } from 'vitest';
import { anon, type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';

interface Issued {
  readonly id?: string;
  readonly token?: string;
  readonly refused?: { readonly code: string; readonly field: string | null };
}

let database: TestDatabase;
let admin: Caller;
beforeAll(async () => {
  database = await cloneDatabase();
  admin = await database.addUser({ role: 'admin' });
});
afterAll(() => database.drop());

const issue = async (caller: Caller, label: string | null, minutes: number) =>
  (
    await database.as<{ issued: Issued }>(caller, `select issue_gateway_token($1, $2) as issued`, [
      label,
      minutes,
    ])
  )[0]?.issued ?? {};

test('an admin issues a token that registers one host, and its slug is not taken', async () => {
  const register = async () => {
    const { token } = await issue(admin, 'Default', 15);
    expect(token).toMatch(/^[0-9a-f]{48}$/);
    const consume = () =>
      database.as<{ slug: string }>(anon, `select gateway_slug as slug from consume_gateway_token($1)`, [
        token,
      ]);
    const [registered] = await consume();
    await expect(consume()).rejects.toMatchObject({ code: '28000', message: 'invalid_token' });
    return registered?.slug;
  };
  expect([await register(), await register()]).toEqual(['default-2', 'default-3']);
});

test('neither the table nor the audit log has the token', async () => {
  const { id, token } = await issue(admin, 'Attic', 5);
  const rows = await database.query(
    `select to_jsonb(t)::text as row from gateway_registration_tokens t union all select to_jsonb(a)::text from audit_log a`,
  );
  expect(rows.filter(({ row }) => row.includes(id))).toHaveLength(2);
  expect(rows.filter(({ row }) => row.includes(token))).toEqual([]);
});

test('an operator gets none, and a token lives five minutes to an hour', async () => {
  const operator = await database.addUser({ role: 'operator' });
  expect((await issue(operator, null, 15)).refused?.code).toBe('refused');
  expect((await issue(admin, null, 4)).refused).toMatchObject({ code: 'usage', field: 'minutes' });
  expect((await issue(admin, null, 61)).refused).toMatchObject({ code: 'usage', field: 'minutes' });
});
