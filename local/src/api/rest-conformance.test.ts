import { readFile } from 'node:fs/promises';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { restCases } from '../../testing/rest-cases/index.ts';
import { startTestStack, type TestStack } from '../../testing/stack.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let stack: TestStack;
let headers = new Headers();
let rows = '';
const clients = new Map<string, SupabaseClient>();

const sql = (name: string) => readFile(new URL(`../../testing/rest-cases/${name}`, import.meta.url), 'utf8');

/** Keeps the headers of the latest response: supabase-js does not return them. */
const listen: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  headers = response.headers;
  return response;
};

beforeAll(async () => {
  stack = await startTestStack();
  await stack.database.query(await sql('tables.sql'));
  await stack.database.query(`notify pgrst, 'reload schema'`);
  rows = await sql('rows.sql');
  const member = await stack.createMember('operator');
  for (const as of ['anon', 'service', 'member'] as const) {
    const key = as === 'service' ? stack.serviceRoleKey : stack.anonKey;
    const client = createClient(stack.url, key, {
      auth: { persistSession: false },
      global: { fetch: listen },
    });
    if (as === 'member') await client.auth.signInWithPassword(member);
    clients.set(as, client);
  }
  await eventually(async () =>
    expect((await clients.get('member')?.from('mine').select())?.status).toBe(200),
  );
});
afterAll(() => stack?.close());
beforeEach(() => stack.database.query(rows));

describe.each(restCases)('as in $source', ({ cases }) => {
  it.each(cases)('$name', async ({ as = 'member', send, answer: { headers: wanted = {}, ...answer } }) => {
    const client = clients.get(as);
    if (client === undefined) throw new Error(`no client is ${as}`);
    expect(await send(client)).toMatchObject({ error: null, ...answer });
    const shown = Object.fromEntries(Object.keys(wanted).map((name) => [name, headers.get(name)]));
    expect(shown).toEqual(wanted);
  });
});
