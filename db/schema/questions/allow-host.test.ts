import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../../testing/agent-call.ts';
import { type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';
import { enqueue } from '../../testing/enqueue.ts';

let database: TestDatabase;
let maya: string;
let call: AgentCall;
let admin: Caller;
let operator: Caller;
beforeAll(async () => {
  database = await cloneDatabase();
  maya = await database.addAgent('maya', await database.addGateway('attic'));
  call = await asAgent(database, maya);
  admin = await database.addUser({ role: 'admin', email: 'ann@example.org' });
  operator = await database.addUser({ role: 'operator', email: 'bob@example.org' });
});
beforeEach(async () => {
  for (const table of ['agent_questions', 'notifications', 'agent_inbox_items', 'hq.rate_counters']) {
    await database.query(`delete from ${table}`);
  }
  await database.query(`update agents set config = '{"allowed_hosts": ["a.example"]}'`);
});
afterAll(() => database.drop());

const refused = (host: string, port = 443) => call('host_refused', { host, port });
const questions = () =>
  database.query(`select id, host, status, answer from agent_questions order by created_at`);
const hosts = async () =>
  (await database.query(`select config -> 'allowed_hosts' as hosts from agents`))[0]?.hosts;

test('a refused host is asked for once, and an admin’s yes adds it', async () => {
  expect(await refused('PyPI.org')).toMatchObject({ asked: true });
  expect(await refused('pypi.org', 80)).toEqual({ asked: false });
  expect(await database.query(`select title, body from notifications`)).toEqual([
    {
      title: 'maya wants to reach pypi.org',
      body: 'May maya reach pypi.org? Whatever it can read, it can send there.',
    },
  ]);
  const [row] = await questions();
  const version = () => database.query(`select agents_version from gateways where slug = 'attic'`);
  const before = await version();
  expect(
    (await enqueue(database, operator, 'allow_host', { payload: { question: row?.id } })).refused,
  ).toMatchObject({ code: 'refused' });
  expect(
    (
      await enqueue(database, operator, 'answer_question', {
        payload: { question: row?.id, answer: 'allow' },
      })
    ).refused,
  ).toMatchObject({
    code: 'usage',
    field: 'answer',
  });
  expect(
    (await enqueue(database, admin, 'allow_host', { payload: { question: row?.id } })).command?.result,
  ).toMatchObject({
    host: 'pypi.org',
    agent: 'maya',
  });
  expect(await hosts()).toEqual(['a.example', 'pypi.org']);
  expect(await version()).not.toEqual(before);
  expect(
    await database.query(
      `select event_type::text as event, context ->> 'host' as host from agent_inbox_items`,
    ),
  ).toEqual([{ event: 'question_answer', host: 'pypi.org' }]);
  await database.query(`delete from agent_questions`);
  expect(await refused('pypi.org')).toEqual({ asked: false });
});

test('a no of an operator holds for a day', async () => {
  await refused('evil.example', 8443);
  const [row] = await questions();
  expect(row?.host).toBe('evil.example:8443');
  await enqueue(database, operator, 'answer_question', { payload: { question: row?.id, answer: 'deny' } });
  expect(await hosts()).toEqual(['a.example']);
  expect(await refused('evil.example', 8443)).toEqual({ asked: false });
  await database.query(`update agent_questions set created_at = now() - interval '2 days'`);
  expect(await refused('evil.example', 8443)).toMatchObject({ asked: true });
});

test('an agent has five such questions at most, and asks for no address', async () => {
  for (let n = 0; n < 7; n += 1) await refused(`h${n}.example`);
  expect(await questions()).toHaveLength(5);
  for (const host of ['10.0.0.1', 'localhost', 'a b.example', '*.example.org']) {
    await expect(refused(host)).rejects.toMatchObject({ code: '22023', column: 'host' });
  }
});
