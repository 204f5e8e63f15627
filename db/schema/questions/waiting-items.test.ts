import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../../testing/agent-call.ts';
import { type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';
import { addAwakeAgent, assignTask, dispatch } from '../../testing/dispatch.ts';
import { enqueue } from '../../testing/enqueue.ts';

let database: TestDatabase;
let gateway: string;
let maya: string;
let call: AgentCall;
let ann: Caller;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('attic');
  maya = await addAwakeAgent(database, 'maya', gateway);
  call = await asAgent(database, maya);
  ann = await database.addUser({ role: 'operator', email: 'ann@example.org' });
});
beforeEach(async () => {
  for (const table of ['agent_questions', 'agent_inbox_items', 'hq.agent_dispatch', 'tasks']) {
    await database.query(`delete from ${table}`);
  }
});
afterAll(() => database.drop());

const claim = async () => (await dispatch(database, gateway, { claim: 2 })).claimed;
const end = (token: string | undefined, outcome = 'done') =>
  dispatch(database, gateway, { results: [{ token, outcome }] });
const items = () =>
  database.query(
    `select status::text, attempt_count as attempts, context from agent_inbox_items order by created_at`,
  );
const version = async () =>
  Number((await database.query(`select dispatch_version as v from gateways where id = $1`, [gateway]))[0]?.v);

test('an item waits for the answer without an attempt, and wakes its agent with it', async () => {
  await assignTask(database, 'Deploy', maya);
  const [turn] = await claim();
  const { id } = await call('ask', { question: 'On a Friday?', session_key: turn?.session_key });
  await end(turn?.token);
  expect(await items()).toEqual([{ status: 'pending', attempts: 0, context: {} }]);
  expect(await claim()).toEqual([]);
  const [row] = await database.query(
    `select hq.item_wait(i) ->> 'reason' as reason from agent_inbox_items i`,
  );
  expect(row?.reason).toBe('question');
  const before = await version();
  await enqueue(database, ann, 'answer_question', { payload: { question: id, answer: 'No' } });
  expect(await version()).toBeGreaterThan(before);
  const [again] = await claim();
  expect(again).toMatchObject({
    attempt: 1,
    item: { context: { answers: [{ question: 'On a Friday?', answer: 'No', by: 'ann@example.org' }] } },
  });
});

test('other items of the agent go on meanwhile', async () => {
  await assignTask(database, 'Deploy', maya);
  const [turn] = await claim();
  await call('ask', { question: 'On a Friday?', session_key: turn?.session_key });
  await end(turn?.token);
  const other = await assignTask(database, 'Write', maya);
  expect(await claim()).toMatchObject([{ item: { task_id: other } }]);
});

test('an answer between the question and the end of the turn is no failed attempt either', async () => {
  await assignTask(database, 'Deploy', maya);
  const [turn] = await claim();
  const { id } = await call('ask', { question: 'On a Friday?', session_key: turn?.session_key });
  await enqueue(database, ann, 'answer_question', { payload: { question: id, answer: 'No' } });
  await end(turn?.token);
  expect(await items()).toMatchObject([{ status: 'pending', attempts: 0 }]);
  expect(await claim()).toHaveLength(1);
});

test('a turn that got its answer and ends without a word has failed as any other', async () => {
  await assignTask(database, 'Deploy', maya);
  const [turn] = await claim();
  const { id } = await call('ask', {
    question: 'On a Friday?',
    session_key: turn?.session_key,
    wait_seconds: 60,
  });
  await enqueue(database, ann, 'answer_question', { payload: { question: id, answer: 'No' } });
  expect(await call('answer', { question: id })).toMatchObject({ answer: 'No' });
  await end(turn?.token);
  expect(await items()).toMatchObject([
    { attempts: 1, context: { last_failure: 'the turn ended without completing the item' } },
  ]);
});
