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
    `select title, body, severity, resolved_at is not null as over, meta ->> 'pairing_code' as code
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
      ...{ title: 'Sam asks to write to scout on telegram', severity: 'info', over: false, code: 'AB12CD34' },
      body: expect.stringMatching(/^code AB12CD34, valid until \d\d:\d\d UTC$/),
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
