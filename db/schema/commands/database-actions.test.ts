import { describeResult } from '@hq/shared/actions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';
import { type Asked, enqueue as ask } from '../../testing/enqueue.ts';

let database: TestDatabase;
let operator: Caller & { id: string };
let admin: Caller;
beforeAll(async () => {
  database = await cloneDatabase();
  operator = await database.addUser({ role: 'operator' });
  admin = await database.addUser({ role: 'admin' });
  const gateway = await database.addGateway('actions');
  for (const slug of ['scribe', 'painter', 'busy']) await database.addAgent(slug, gateway);
});
afterAll(() => database.drop());

const enqueue = (action: string, payload: unknown = {}, more: Asked & { as?: Caller } = {}) =>
  ask(database, more.as ?? operator, action, { payload, ...more });

/** Adds a command and returns its result in one line, as clients show it. */
async function run(action: string, payload: unknown = {}, more: Asked & { as?: Caller } = {}) {
  const { command, refused } = await enqueue(action, payload, more);
  return refused === undefined ? describeResult(action, command?.result) : refused.message;
}

const addTask = async (title: string) =>
  (await database.query<{ id: string }>(`insert into tasks (title) values ($1) returning id`, [title]))[0]
    ?.id ?? '';
const inbox = (agent: string) =>
  database.query(
    `select event_type, summary from agent_inbox_items where agent_slug = $1 and status = 'pending' order by created_at`,
    [agent],
  );

describe('pausing an agent', () => {
  const status = async (slug: string) =>
    (await database.query<{ status: string }>(`select status from agents where slug = $1`, [slug]))[0]
      ?.status;

  test('and resuming it are each other’s undo, and may be said twice', async () => {
    expect(await run('pause_agent', {}, { agent: 'scribe' })).toBe('scribe is paused');
    expect(await run('pause_agent', {}, { agent: 'scribe' })).toBe('scribe is paused');
    expect(await status('scribe')).toBe('paused');
    expect(await run('resume_agent', {}, { agent: 'scribe' })).toBe('scribe works again');
    expect(await status('scribe')).toBe('ready');
  });

  test('is refused for one that is only being made, or asleep', async () => {
    await database.query(`update agents set status = 'hibernating' where slug = 'busy'`);
    expect((await enqueue('pause_agent', {}, { agent: 'busy' })).refused).toMatchObject({
      code: 'conflict',
      message: 'busy is hibernating',
    });
    await database.query(`update agents set status = 'error' where slug = 'busy'`);
    expect((await enqueue('resume_agent', {}, { agent: 'busy' })).refused?.code).toBe('conflict');
    expect(await run('pause_agent', {}, { agent: 'busy' })).toBe('busy is paused');
  });

  test('is done for everybody who asks at once', async () => {
    const asked = Array.from({ length: 40 }, (_, n) =>
      enqueue(n % 2 === 0 ? 'pause_agent' : 'resume_agent', {}, { agent: 'scribe' }),
    );
    for (const { command, refused } of await Promise.all(asked)) {
      expect(command?.status ?? refused?.code).toMatch(/^(done|conflict)$/);
    }
    await enqueue('resume_agent', {}, { agent: 'scribe' });
    expect(await status('scribe')).toBe('ready');
  });

  test('needs an agent that is there', async () => {
    expect((await enqueue('pause_agent')).refused).toMatchObject({ code: 'usage', field: 'agent' });
    expect((await enqueue('pause_agent', {}, { agent: 'unknown' })).refused?.code).toBe('not_found');
  });
});

describe('tasks', () => {
  test('are created with everything, and the agent hears of it', async () => {
    const { command } = await enqueue('create_task', {
      title: 'Write the letter',
      description: 'Two pages.',
      priority: 'urgent',
      due_date: '2027-01-02T18:00+01:00',
      agent: 'scribe',
    });
    expect(
      await database.query(
        `select title, description, priority, status, due_date at time zone 'UTC' = '2027-01-02 17:00' as due
         from tasks where id = ($1::jsonb ->> 'id')::uuid`,
        [JSON.stringify(command?.result)],
      ),
    ).toEqual([
      {
        title: 'Write the letter',
        description: 'Two pages.',
        priority: 'urgent',
        status: 'todo',
        due: true,
      },
    ]);
    expect(describeResult('create_task', command?.result)).toMatch(
      /^task [0-9a-f]{8} \(Write the letter\) for scribe$/,
    );
    expect(await inbox('scribe')).toContainEqual({
      event_type: 'task_assignment',
      summary: 'Write the letter',
    });
  });

  test('that are archived stay as they are: nobody is woken for what was put away', async () => {
    const task = await addTask('long ago');
    await database.query(`update tasks set archived_at = now() where id = $1`, [task]);
    const before = await inbox('scribe');
    for (const [action, more] of [
      ['assign_task', { agent: 'scribe' }],
      ['set_task_status', { status: 'done' }],
      ['comment_on_task', { body: '@scribe look' }],
    ] as const) {
      const { refused } = await enqueue(action, { task, ...more });
      expect(refused, action).toMatchObject({ code: 'conflict', field: 'task' });
    }
    expect(await inbox('scribe')).toEqual(before);
  });

  test('are due on a day of the calendar, whatever the clock of the owner is called', async () => {
    for (const due of ['2026-01-01T12:00+99:99', '2026-02-30', '0000-01-01', '2026-01-01T25:61Z']) {
      const { refused } = await enqueue('create_task', { title: 'x', due_date: due });
      expect(refused, due).toMatchObject({ code: 'usage', field: 'due_date' });
    }
    for (const zone of ['EST5EDT4,M3.2.0,M11.1.0', '<+03>-3', '2 days', 'Foo/Bar3', 'infinity', '', 'FOO3']) {
      await database.query(
        `insert into workspace (tenant_id, owner_timezone) values ($1, $2)
         on conflict (tenant_id) do update set owner_timezone = excluded.owner_timezone`,
        [nilTenant, zone],
      );
      const { command } = await enqueue('create_task', { title: `by ${zone}`, due_date: '2027-05-06' });
      const [task] = await database.query<{ due: string }>(
        `select to_char(due_date at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as due from tasks t
         where t.id = (select (result ->> 'id')::uuid from agent_commands c where c.id = $1)`,
        [command?.id],
      );
      expect(task?.due, zone).toBe('2027-05-06 23:59:59');
    }
  });

  test('that are due on a day are due until its end, where the owner lives', async () => {
    await database.query(
      `insert into workspace (owner_timezone) values ('America/New_York')
       on conflict (tenant_id) do update set owner_timezone = excluded.owner_timezone`,
    );
    const due = async (zone: string | null) => {
      await database.query(`update workspace set owner_timezone = $1`, [zone]);
      await enqueue('create_task', { title: 'By the day', due_date: '2027-01-02' });
      const [row] = await database.query<{ due: string }>(
        `select to_char(due_date at time zone 'UTC', 'DD HH24:MI') as due from tasks order by created_at desc limit 1`,
      );
      return row?.due;
    };
    expect(await due('America/New_York')).toBe('03 04:59');
    expect(await due('Nowhere/Else')).toBe('02 23:59');
    expect(await due(null)).toBe('02 23:59');
  });

  test.each([
    ['a day that no calendar has', { title: 'x', due_date: '2027-02-31' }, 'usage', 'due_date'],
    ['an agent that is not there', { title: 'x', agent: 'unknown' }, 'not_found', 'agent'],
    ['no title', { title: '' }, 'usage', 'title'],
    ['a priority of its own', { title: 'x', priority: 'asap' }, 'usage', 'priority'],
  ])('are refused with %s', async (_what, payload, code, field) => {
    expect((await enqueue('create_task', payload)).refused).toMatchObject({ code, field });
  });

  test('are assigned, moved on and commented on', async () => {
    const task = await addTask('Paint the wall');
    expect(await run('assign_task', { task, agent: 'painter' })).toBe(
      `task ${task.slice(0, 8)} (Paint the wall) is painter’s`,
    );
    expect(await run('set_task_status', { task, status: 'in_progress' })).toBe(
      `task ${task.slice(0, 8)} (Paint the wall) is in progress`,
    );
    expect(
      await run('comment_on_task', { task, body: 'Blue, @painter. Ask @scribe, not @nobody @painter.' }),
    ).toBe(`commented on task ${task.slice(0, 8)} (Paint the wall), notified painter, scribe`);
    expect((await inbox('painter')).map(({ event_type: event }) => event)).toEqual([
      'task_assignment',
      'task_comment_mention',
    ]);
    expect(
      await database.query(`select body, actor_type, mentions from comments where entity_id = $1`, [task]),
    ).toEqual([
      {
        body: 'Blue, @painter. Ask @scribe, not @nobody @painter.',
        actor_type: 'human',
        mentions: ['painter', 'scribe'],
      },
    ]);
  });
});

describe('deliverables', () => {
  const add = async (reviewStatus: string, isDeliverable = true) =>
    (
      await database.query<{ id: string }>(
        `insert into entity_links (owner_type, owner_id, label, is_deliverable, review_status, submitted_by_agent_id)
         values ('task', (select id from tasks limit 1), 'The report', $1, $2, (select id from agents where slug = 'scribe')) returning id`,
        [isDeliverable, reviewStatus],
      )
    )[0]?.id ?? '';

  test.each([
    ['approve_deliverable', undefined, 'approved'],
    ['request_revision', 'Shorter, please', 'revision requested'],
    ['reject_deliverable', 'Not what was asked', 'rejected'],
  ])('%s decides, and the agent hears of it', async (action, note, word) => {
    const deliverable = await add('in_review');
    expect(await run(action, { deliverable, ...(note !== undefined && { note }) })).toBe(
      `${word}: The report (${deliverable.slice(0, 8)})`,
    );
    expect(
      await database.query(
        `select review_status, review_note, reviewed_at is not null as at from entity_links where id = $1`,
        [deliverable],
      ),
    ).toEqual([{ review_status: word.replace(' ', '_'), review_note: note ?? null, at: true }]);
    expect(await inbox('scribe')).toContainEqual({
      event_type: 'deliverable_review',
      summary: note ?? 'approved',
    });
  });

  test('one decision may follow another, the same one not', async () => {
    const deliverable = await add('in_review');
    await enqueue('approve_deliverable', { deliverable });
    expect((await enqueue('approve_deliverable', { deliverable })).refused).toMatchObject({
      code: 'conflict',
      message: 'it is approved already',
    });
    expect((await enqueue('reject_deliverable', { deliverable, note: 'no' })).command?.status).toBe('done');
  });

  test('what was not handed in, or is none, is not decided on', async () => {
    expect((await enqueue('approve_deliverable', { deliverable: await add('draft') })).refused?.code).toBe(
      'conflict',
    );
    const link = await add('in_review', false);
    expect((await enqueue('approve_deliverable', { deliverable: link })).refused?.code).toBe('not_found');
  });

  test('a revision without a word of what to change is refused', async () => {
    const deliverable = await add('in_review');
    expect((await enqueue('request_revision', { deliverable })).refused).toMatchObject({ field: 'note' });
  });
});

describe('budgets', () => {
  test('are an admin’s', async () => {
    expect((await enqueue('set_budget', { limit_usd: '5' }, { agent: 'scribe' })).refused?.code).toBe(
      'refused',
    );
  });

  test('are set, topped up and lifted, and open an agent that had spent its own', async () => {
    const as = { as: admin, agent: 'scribe' };
    expect((await enqueue('top_up_budget', { amount_usd: 1 }, as)).refused).toMatchObject({
      code: 'conflict',
      hint: 'set_budget gives it one.',
    });
    expect(await run('set_budget', { limit_usd: '10', hard_cutoff: false }, as)).toBe(
      'scribe: 0.00 of 10.00 USD this month, ok',
    );
    await database.query(
      `insert into agent_usage (agent_id, run_id, provider, model, cost_total_usd)
       select id, 'r', 'p', 'm', 12 from agents where slug = 'scribe'`,
    );
    expect(await run('top_up_budget', { amount_usd: 10.5 }, as)).toBe(
      'scribe: 12.00 of 20.50 USD this month, ok',
    );
    expect(await run('set_budget', { limit_usd: '12.5' }, as)).toBe(
      'scribe: 12.00 of 12.50 USD this month, warned',
    );
    expect(
      await database.query(`select hard_cutoff from agent_budgets where monthly_limit_usd = 12.5`),
    ).toEqual([{ hard_cutoff: false }]);
    expect(await run('set_budget', { limit_usd: 'none' }, as)).toBe(
      'scribe has no limit; 12.00 USD this month',
    );
  });

  test.each(['ten', '-1', '1.234', '99999999'])('refuse %s', async (limit) => {
    const { refused } = await enqueue('set_budget', { limit_usd: limit }, { as: admin, agent: 'scribe' });
    expect(refused).toMatchObject({ code: 'usage', field: 'limit_usd' });
  });

  test('do not grow beyond what a number can hold', async () => {
    const as = { as: admin, agent: 'painter' };
    await enqueue('set_budget', { limit_usd: '9999999' }, as);
    await database.query(
      `update agent_budgets set monthly_limit_usd = 99999999 where monthly_limit_usd = 9999999`,
    );
    expect((await enqueue('top_up_budget', { amount_usd: 1_000_000 }, as)).refused).toMatchObject({
      code: 'usage',
      field: 'amount_usd',
    });
  });
});

describe('alerts', () => {
  const raise = async (more: object) => {
    await database.query(`select hq.notify($1)`, [JSON.stringify({ tenant_id: nilTenant, ...more })]);
    const [row] = await database.query<{ id: string; muted: boolean; occurrences: number }>(
      `select id, muted, occurrences from notifications order by created_at desc, id limit 1`,
    );
    return row;
  };

  test('are acknowledged', async () => {
    const alert = await raise({ type: 'agent_error', title: 'scribe is in error' });
    expect(await run('acknowledge_alert', { alert: alert?.id.slice(0, 8) })).toBe('seen: scribe is in error');
    expect(await database.query(`select 1 from notifications where read_at is not null`)).toHaveLength(1);
  });

  test('are muted by kind and subject: what comes later is written and silent', async () => {
    const about = (subject: string, type = 'agent_error') => ({ type, title: `${type} ${subject}`, subject });
    const first = await raise(about('agent:1'));
    expect(first?.muted).toBe(false);
    expect(await run('mute_alert', { alert: first?.id, minutes: 5 })).toMatch(/^muted until \d{4}-/);
    expect((await raise(about('agent:1')))?.muted).toBe(true);
    expect((await raise(about('agent:2')))?.muted).toBe(false);
    expect((await raise(about('agent:1', 'task_blocked')))?.muted).toBe(false);
    await database.query(`update alert_mutes set until = now() - interval '1 second'`);
    expect((await raise(about('agent:1')))?.muted).toBe(false);
  });
});
