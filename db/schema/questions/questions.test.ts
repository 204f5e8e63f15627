import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../../testing/agent-call.ts';
import { type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';
import { enqueue } from '../../testing/enqueue.ts';
import { exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let gateway: string;
let maya: string;
let call: AgentCall;
let ann: Caller;
let bob: Caller;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('attic');
  maya = await database.addAgent('maya', gateway);
  call = await asAgent(database, maya);
  ann = await database.addUser({ role: 'operator', email: 'ann@example.org' });
  bob = await database.addUser({ role: 'operator', email: 'bob@example.org' });
});
beforeEach(async () => {
  for (const table of [
    'agent_questions',
    'notifications',
    'agent_inbox_items',
    'tasks',
    'hq.rate_counters',
  ]) {
    await database.query(`delete from ${table}`);
  }
});
afterAll(() => database.drop());

const ask = (more: object = {}) =>
  call('ask', { question: 'Which colour?', choices: ['red', 'blue'], ...more });
const answer = (who: Caller, question: unknown, text: string) =>
  enqueue(database, who, 'answer_question', { payload: { question, answer: text } });
const inbox = () =>
  database.query(
    `select event_type::text as event, status::text, summary, task_id, context from agent_inbox_items order by created_at`,
  );
const alerts = () =>
  database.query(
    `select type, title, resolved_at is not null as over, meta ->> 'outcome' as outcome from notifications order by created_at`,
  );
const sweep = async () => {
  await database.query(`delete from hq.executors`);
  await exchange(database, { gateway, beat: {} });
};
const addItem = async (session: string | null = null) => {
  const [task] = await database.query(
    `insert into tasks (title, assignee_agent_id) values ('Paint', $1) returning id`,
    [maya],
  );
  const [item] = await database.query(`select id from agent_inbox_items where task_id = $1`, [task?.id]);
  if (session !== null) await call('take_item', { item: item?.id, session_key: session });
  return { task: task?.id, item: item?.id };
};

describe('a question', () => {
  test('is an alert until somebody answers it, and the answer comes to the inbox', async () => {
    const { id, status } = await ask();
    expect(status).toBe('open');
    expect(await alerts()).toEqual([
      { type: 'agent_question', title: 'maya asks: Which colour?', over: false, outcome: null },
    ]);
    expect(await answer(ann, id, 'BLUE')).toMatchObject({
      command: { status: 'done', result: { answer: 'blue', agent: 'maya', title: 'Which colour?' } },
    });
    expect(await alerts()).toMatchObject([{ over: true, outcome: 'answered "blue" by ann@example.org' }]);
    expect(await inbox()).toEqual([
      {
        ...{ event: 'question_answer', status: 'pending', task_id: null },
        summary: 'answered "blue" by ann@example.org: Which colour?',
        context: { question: 'Which colour?', status: 'answered', answer: 'blue', by: 'ann@example.org' },
      },
    ]);
  });

  test('has one answer: the second is told who gave the first', async () => {
    const { id } = await ask();
    const both = await Promise.all([answer(ann, id, '1'), answer(bob, id, '2')]);
    const [won] = both.filter(({ command }) => command?.status === 'done');
    const [lost] = both.filter(({ refused }) => refused !== undefined);
    const [row] = await database.query(`select answer from agent_questions`);
    const winner = row?.answer === 'red' ? 'ann' : 'bob';
    expect(won?.command?.result).toMatchObject({ answer: row?.answer });
    expect(lost?.refused).toMatchObject({
      code: 'conflict',
      message: `this question is over: answered "${row?.answer}" by ${winner}@example.org`,
    });
    expect(await inbox()).toHaveLength(1);
  });

  test('takes another text only where the agent allows it', async () => {
    const strict = await ask({ free_text: false });
    expect((await answer(ann, strict.id, 'green')).refused).toMatchObject({
      code: 'usage',
      field: 'answer',
      message: 'the answer must be one of: red, blue',
    });
    const free = await ask({ question: 'Which shade?' });
    expect((await answer(ann, free.id, 'green')).command?.result).toMatchObject({ answer: 'green' });
  });

  test('is refused to a viewer, and belongs to its tenant', async () => {
    const { id } = await ask();
    const viewer = await database.addUser({ role: 'viewer' });
    expect((await answer(viewer, id, 'red')).refused).toMatchObject({ code: 'refused' });
    const other = await database.addTenant('other');
    const stranger = await database.addUser({ role: 'admin', tenant: other.id });
    expect((await answer(stranger, id, 'red')).refused).toMatchObject({ code: 'not_found' });
    expect(await database.as(stranger, `select * from agent_questions`)).toEqual([]);
    expect(await database.as(viewer, `select question from agent_questions`)).toHaveLength(1);
  });

  test('asked again while it is open is the same one', async () => {
    expect((await ask()).id).toBe((await ask()).id);
    expect(await alerts()).toHaveLength(1);
  });

  test('has limits: of length, of choices, and of how many are open', async () => {
    const seven = ['1', '2', '3', '4', '5', '6', '7'];
    await expect(ask({ question: 'x'.repeat(2001) })).rejects.toMatchObject({
      code: '22023',
      column: 'question',
    });
    await expect(ask({ question: ' ' })).rejects.toMatchObject({ code: '22023', column: 'question' });
    await expect(ask({ choices: seven })).rejects.toMatchObject({
      ...{ code: '22023', column: 'choices', message: 'choices must be a list of at most 6' },
    });
    await expect(ask({ choices: ['a', 'A'] })).rejects.toMatchObject({ code: '22023', column: 'choices' });
    await expect(ask({ choices: [], free_text: false })).rejects.toMatchObject({ column: 'free_text' });
    for (let n = 0; n < 5; n += 1) await ask({ question: `Number ${n}?` });
    await expect(ask({ question: 'One more?' })).rejects.toMatchObject({ code: '42501', column: 'question' });
  });

  test('of another agent cannot be read', async () => {
    const noor = await asAgent(database, await database.addAgent('noor', gateway));
    const { id } = await ask();
    await expect(noor('answer', { question: id })).rejects.toMatchObject({ code: 'P0002' });
  });
});

describe('a turn that waits', () => {
  test('gets the answer itself, and nothing comes to the inbox', async () => {
    const { id } = await ask({ wait_seconds: 60 });
    expect(await call('answer', { question: id })).toMatchObject({ status: 'open', answer: null });
    await answer(ann, id, 'red');
    expect(await call('answer', { question: id })).toMatchObject({
      answer: 'red',
      answered_by: 'ann@example.org',
    });
    await sweep();
    expect(await inbox()).toEqual([]);
  });

  test('that stops waiting finds the answer in its inbox', async () => {
    const { id } = await ask({ wait_seconds: 60 });
    expect(await call('answer', { question: id, stop: true })).toMatchObject({ status: 'open' });
    await answer(ann, id, 'red');
    expect(await inbox()).toMatchObject([{ event: 'question_answer' }]);
  });

  test('and dies finds the answer in its inbox, once', async () => {
    const { id } = await ask({ wait_seconds: 60 });
    await answer(ann, id, 'red');
    await sweep();
    expect(await inbox()).toEqual([]);
    await database.query(`update agent_questions set waits_until = now() - interval '1 second'`);
    await sweep();
    await sweep();
    expect(await inbox()).toMatchObject([{ event: 'question_answer' }]);
  });
});

describe('a question about an item', () => {
  const waits = async (item: unknown) =>
    (await database.query(`select hq.awaits_answer($1) as waits`, [item]))[0]?.waits;

  test('keeps the item waiting, and puts the answer into it', async () => {
    const { item, task } = await addItem('agent:maya:one');
    const { id } = await ask({ session_key: 'agent:maya:one' });
    expect(await database.query(`select item_id, task_id from agent_questions`)).toEqual([
      { item_id: item, task_id: task },
    ]);
    expect(await waits(item)).toBe(true);
    await answer(ann, id, 'red');
    expect(await waits(item)).toBe(false);
    expect(await inbox()).toMatchObject([
      {
        event: 'task_assignment',
        context: { answers: [{ question: 'Which colour?', answer: 'red', by: 'ann@example.org' }] },
      },
    ]);
  });

  test('that is done by then comes as an item of its own, with the task', async () => {
    const { item, task } = await addItem('agent:maya:one');
    const { id } = await ask({ item });
    await call('complete_item', { item });
    await answer(ann, id, 'red');
    expect(await inbox()).toMatchObject([{ status: 'done' }, { event: 'question_answer', task_id: task }]);
  });
});

test('a question that nobody answers ends with a word to the agent and to the operators', async () => {
  const { id } = await ask();
  await database.query(`update agent_questions set expires_at = now() - interval '1 second'`);
  expect((await answer(ann, id, 'red')).refused).toMatchObject({
    code: 'conflict',
    message: 'nobody answered this question in time',
  });
  await sweep();
  expect(await alerts()).toEqual([
    {
      type: 'agent_question',
      title: 'maya asks: Which colour?',
      over: true,
      outcome: 'nobody answered in time',
    },
    { type: 'question_expired', title: 'nobody answered maya: Which colour?', over: false, outcome: null },
  ]);
  expect(await inbox()).toMatchObject([
    {
      event: 'question_answer',
      summary: 'nobody answered in time: Which colour?',
      context: { status: 'expired' },
    },
  ]);
});
