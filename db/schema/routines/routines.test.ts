import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { asAgent } from '../../testing/agent-call.ts';
import { type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';
import { addAwakeAgent, dispatch } from '../../testing/dispatch.ts';
import { enqueue } from '../../testing/enqueue.ts';

let database: TestDatabase;
let operator: Caller;
let gateway: string;
let scout: string;
let count = 0;
beforeAll(async () => {
  database = await cloneDatabase();
  operator = await database.addUser({ role: 'operator' });
});
beforeEach(async () => {
  count += 1;
  await database.query(`delete from agent_routines`);
  gateway = await database.addGateway(`gateway-${count}`);
  scout = await addAwakeAgent(database, `scout-${count}`, gateway);
});
afterAll(() => database.drop());

const run = (action: string, payload: object, caller = operator) =>
  enqueue(database, caller, action, { payload });
const create = (more: object) => run('create_routine', { name: 'Morning', agent: `scout-${count}`, ...more });
const inbox = () =>
  database.query(
    `select event_type, status, summary, context from agent_inbox_items where agent_id = $1 order by created_at`,
    [scout],
  );
/** Lets the time of every routine have come, this long ago. */
const letCome = (ago = '1 minute') =>
  database.query(`update agent_routines set next_run_at = now() - $1::interval where schedule is not null`, [
    ago,
  ]);
const look = () => dispatch(database, gateway, { claim: 1, settings: { max_concurrent_wakes: 0 } });

test('a routine wakes its agent when its time has come, and says when it comes again', async () => {
  expect(
    await create({ schedule: '30 8 * * *', time_zone: 'europe/berlin', instructions: 'Read the news' }),
  ).toMatchObject({
    command: {
      status: 'done',
      result: {
        title: 'Morning',
        time_zone: 'Europe/Berlin',
        next_run_at: expect.any(String),
        last_run_at: null,
      },
    },
  });
  expect((await look()).next_in_ms).toBeGreaterThan(0);
  expect(await inbox()).toEqual([]);
  await letCome();
  await Promise.all([look(), look(), look()]);
  expect(await inbox()).toMatchObject([
    {
      event_type: 'routine_schedule',
      status: 'pending',
      summary: 'Morning',
      context: { instructions: 'Read the news' },
    },
  ]);
  expect(await run('list_routines', {})).toMatchObject({
    command: { result: { routines: [{ last_run_at: expect.any(String), next_run_at: expect.any(String) }] } },
  });
});

test('a routine that another gateway’s exchange runs wakes the runner of its agent', async () => {
  await create({ schedule: '0 0 1 1 *' });
  await letCome();
  const version = async () => (await dispatch(database, gateway)).dispatch_version ?? 0;
  const before = await version();
  await dispatch(database, await database.addGateway(`elsewhere-${count}`), { claim: 1 });
  expect(await inbox()).toHaveLength(1);
  expect(await version()).toBe(before + 1);
});

test('times that were missed while everything was down run once', async () => {
  await create({ schedule: '* * * * *' });
  await letCome('3 days');
  for (let n = 0; n < 3; n += 1) await look();
  expect(await inbox()).toHaveLength(1);
  await database.query(`update agent_inbox_items set status = 'done' where agent_id = $1`, [scout]);
  await letCome();
  await look();
  expect(await inbox()).toHaveLength(2);
});

test('a routine whose last item is open adds no second one', async () => {
  await create({ schedule: '* * * * *' });
  for (let n = 0; n < 3; n += 1) {
    await letCome();
    await look();
  }
  expect(await inbox()).toHaveLength(1);
});

test('a paused routine does not run by itself, and is not late when it is resumed', async () => {
  await create({ schedule: '0 0 1 1 *' });
  expect(await run('pause_routine', { routine: 'Morning' })).toMatchObject({
    command: { result: { paused: true, next_run_at: null } },
  });
  await letCome();
  await look();
  await run('resume_routine', { routine: 'Morning' });
  await look();
  expect(await inbox()).toEqual([]);
  await run('run_routine', { routine: 'Morning' });
  expect(await inbox()).toHaveLength(1);
  expect(await run('remove_routine', { routine: 'Morning' })).toMatchObject({ command: { status: 'done' } });
  expect(await run('run_routine', { routine: 'Morning' })).toMatchObject({
    refused: { code: 'not_found', field: 'routine' },
  });
});

test('a run by hand leaves the next time of the routine as it is', async () => {
  await create({ schedule: '30 8 * * *' });
  const [planned] = await database.query(`select next_run_at from agent_routines`);
  for (let n = 0; n < 2; n += 1) await run('run_routine', { routine: 'Morning' });
  expect(await database.query(`select next_run_at from agent_routines`)).toEqual([planned]);
});

test('a routine that creates a task wakes its agent for the task, once, and not again before it was begun', async () => {
  await create({ schedule: '* * * * *', creates_task: true, instructions: 'Look' });
  for (let n = 0; n < 2; n += 1) {
    await letCome();
    await look();
  }
  expect(await inbox()).toMatchObject([{ event_type: 'task_assignment', summary: 'Morning' }]);
  await database.query(`update tasks set status = 'done' where assignee_agent_id = $1`, [scout]);
  await letCome();
  await look();
  expect(await inbox()).toHaveLength(2);
});

test('a routine runs after its event, once for each task, and never by what its own agent did', async () => {
  await create({ event: 'task_created' });
  await database.query(`insert into tasks (title) values ('one'), ('two')`);
  expect((await inbox()).map(({ context }) => context.title)).toEqual(['one', 'two']);
  const call = await asAgent(database, scout);
  await call('create_task', { title: 'own' });
  expect((await inbox()).map(({ event_type }) => event_type)).toEqual([
    'routine_event',
    'routine_event',
    'task_assignment',
  ]);
});

test('a routine that creates a task after each created task does not run for its own', async () => {
  await create({ event: 'task_created', creates_task: true });
  await database.query(`insert into tasks (title) values ('one')`);
  expect(await database.query(`select from tasks where assignee_agent_id = $1`, [scout])).toHaveLength(1);
});

test.each([
  [{}, 'schedule'],
  [{ schedule: '* * * * *', event: 'task_done' }, 'schedule'],
  [{ schedule: '99 * * * *' }, 'schedule'],
  [{ schedule: '0 0 31 2 *' }, 'schedule'],
  [{ schedule: '* * * * *', time_zone: 'Mars/Olympus' }, 'time_zone'],
  [{ event: 'full_moon' }, 'event'],
  [{ schedule: '* * * * *', agent: 'nobody-here' }, 'agent'],
])('%j is refused with the field', async (payload, field) => {
  expect(await create(payload)).toMatchObject({ refused: { field } });
});

test('a name is taken once in a tenant, and a viewer only lists', async () => {
  await create({ event: 'task_done' });
  expect(await create({ event: 'task_done' })).toMatchObject({
    refused: { code: 'conflict', field: 'name' },
  });
  const viewer = await database.addUser({ role: 'viewer' });
  expect(await run('list_routines', {}, viewer)).toMatchObject({
    command: { result: { routines: [{ title: 'Morning' }] } },
  });
  expect(await run('remove_routine', { routine: 'Morning' }, viewer)).toMatchObject({
    refused: { code: 'refused' },
  });
  const other = await database.addTenant(`other-${count}`);
  const stranger = await database.addUser({ role: 'admin', tenant: other.id });
  expect(await run('run_routine', { routine: 'Morning' }, stranger)).toMatchObject({
    refused: { code: 'not_found' },
  });
});

test('a late task reaches the agent that answers for it, once for each date', async () => {
  const boss = await addAwakeAgent(database, `boss-${count}`, gateway);
  await database.query(`update agents set reports_to_id = $2 where id = $1`, [scout, boss]);
  const [task] = await database.query<{ id: string }>(
    `insert into tasks (title, assignee_agent_id, due_date) values ('Late', $1, now() - interval '1 hour') returning id`,
    [scout],
  );
  const lookAgain = async () => {
    await database.query(`delete from hq.ticks`);
    await look();
  };
  await lookAgain();
  await lookAgain();
  const escalations = () =>
    database.query(
      `select agent_slug, status, summary from agent_inbox_items where task_id = $1 and event_type = 'task_overdue'`,
      [task?.id],
    );
  expect(await escalations()).toEqual([
    { agent_slug: `boss-${count}`, status: 'pending', summary: 'overdue: Late' },
  ]);
  await database.query(`update tasks set due_date = now() - interval '1 minute' where id = $1`, [task?.id]);
  await lookAgain();
  expect(await escalations()).toHaveLength(2);
});
