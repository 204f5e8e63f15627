import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../../testing/agent-call.ts';
import { cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';
import { exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let gateway: string;
let scout: string;
let call: AgentCall;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('attic');
  scout = await database.addAgent('scout', gateway);
  call = await asAgent(database, scout);
});
beforeEach(async () => {
  await database.query(`delete from pairing_requests`);
  await database.query(`delete from notifications`);
});
afterAll(() => database.drop());

const request = (code: string, more: object = {}) =>
  call('pairing_requested', {
    ...{ channel: 'telegram', account: 'scout', sender: '5550001', sender_name: 'Sam', code },
    ...more,
  });
const requests = () => database.query(`select code, status from pairing_requests order by created_at, code`);
const alerts = () =>
  database.query(
    `select title, body, severity, resolved_at is not null as over
     from notifications where type = 'pairing_requested' order by created_at`,
  );
const approve = async (code: string) =>
  (await database.as(service, `select pairing_approved($1, 'telegram', $2) as answer`, [gateway, code]))[0]
    ?.answer;

test('a request is an alert until somebody approves it', async () => {
  await request('AB12CD34');
  await request('AB12CD34');
  expect(await requests()).toEqual([{ code: 'AB12CD34', status: 'pending' }]);
  expect(await alerts()).toEqual([
    {
      ...{ title: '5550001 ("Sam") asks to write to scout on telegram', severity: 'info', over: false },
      body: expect.stringMatching(/^An operator may approve it until \d\d:\d\d UTC\.$/),
    },
  ]);
  expect(await approve('NOSUCH')).toBeNull();
  expect(await approve('AB12CD34')).toMatchObject({
    sender: '5550001',
    account: 'scout',
    status: 'approved',
  });
  expect(await requests()).toEqual([{ code: 'AB12CD34', status: 'approved' }]);
  expect(await alerts()).toMatchObject([{ over: true }]);
});

test('a person who asks again has one open request, with the new code', async () => {
  await request('FIRST');
  await request('SECOND');
  expect(await requests()).toEqual([
    { code: 'FIRST', status: 'expired' },
    { code: 'SECOND', status: 'pending' },
  ]);
  expect((await alerts()).map(({ over }) => over)).toEqual([true, false]);
});

test('whoever may not approve reads the code nowhere', async () => {
  const code = 'AB12CD34';
  await request(code);
  const viewer = await database.addUser({ role: 'viewer' });
  for (const table of ['notifications', 'audit_log', 'agent_commands', 'pairing_requests']) {
    const rows = await database.as(viewer, `select to_jsonb(t) as row from ${table} t`);
    expect(JSON.stringify(rows), table).not.toContain(code);
  }
  const needs = await database.as(viewer, 'select needs_you() as needs');
  expect(JSON.stringify(needs)).toContain('5550001');
  expect(JSON.stringify(needs)).not.toContain(code);
});

test('a name that somebody chose stands behind the id, on one line and without marks that turn text', async () => {
  const name = `Ann\u202e\u0007 "of HQ"\n${'x'.repeat(100)}`;
  await request('NAMED', { sender_name: name });
  await request('AGAIN', { sender: '5550002', sender_name: '5550002' });
  expect((await alerts()).map(({ title }) => title)).toEqual([
    expect.stringMatching(/^5550001 \("Ann of HQ x{40,50}"\) asks to write to scout on telegram$/),
    '5550002 asks to write to scout on telegram',
  ]);
});

test('it expires with the next exchange of the runner, and the alert with it', async () => {
  await request('SHORT', { expires_at: '2020-01-01T00:00:00Z' });
  await database.query(`delete from hq.executors`);
  await exchange(database, { gateway, beat: {} });
  expect(await requests()).toEqual([{ code: 'SHORT', status: 'expired' }]);
  expect(await alerts()).toMatchObject([{ over: true }]);
});

test('it is gone with its agent', async () => {
  const other = await database.addAgent('other', gateway);
  const callOfOther = await asAgent(database, other);
  await callOfOther('pairing_requested', { channel: 'slack', account: 'other', sender: 'U1', code: 'XYZ' });
  await database.query(`delete from agents where id = $1`, [other]);
  expect(await requests()).toEqual([]);
  expect(await alerts()).toMatchObject([{ over: true }]);
});

test('twenty people wait for an agent at most, and a code is none of HTML', async () => {
  for (let n = 0; n < 20; n += 1) await request(`C${n}`, { sender: `${n}` });
  await expect(request('MORE', { sender: 'x' })).rejects.toMatchObject({ code: '23505' });
  await expect(request('<b>')).rejects.toMatchObject({ code: '22023', column: 'code' });
  await expect(request('T', { sender: '1', expires_at: '2026-99-99T00:00Z' })).rejects.toMatchObject({
    code: '22023',
  });
});
