import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { asAgent } from '../../testing/agent-call.ts';
import { type Caller, cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';
import { addAwakeAgent, assignTask, dispatch } from '../../testing/dispatch.ts';
import { enqueue } from '../../testing/enqueue.ts';

interface Health {
  readonly agent: string;
  readonly state: string;
  readonly reason: string;
  readonly since: string | null;
  readonly until: string | null;
  readonly help: string | null;
  readonly action: {
    readonly action: string;
    readonly payload: object;
    readonly agent: string | null;
    readonly gateway: string | null;
    readonly allowed: boolean;
  } | null;
  readonly queued: number;
  readonly needs: number;
}

let database: TestDatabase;
let operator: Caller;
let gateway: string;
let scout: string;
let slug: string;
let count = 0;
beforeAll(async () => {
  database = await cloneDatabase();
  operator = await database.addUser({ role: 'operator' });
});
beforeEach(async () => {
  count += 1;
  slug = `scout-${count}`;
  gateway = await database.addGateway(`gateway-${count}`);
  await database.query(`update gateways set last_seen_at = clock_timestamp() where id = $1`, [gateway]);
  scout = await addAwakeAgent(database, slug, gateway);
});
afterAll(() => database.drop());

const read = async (who: Caller, agents: readonly string[] | null = [scout]) =>
  (await database.as<{ rows: Health[] }>(who, `select agent_health($1) as rows`, [agents]))[0]?.rows ?? [];
const health = async (): Promise<Health> => {
  const [row] = await read(operator);
  if (row === undefined) throw new Error('the agent has no health');
  return row;
};
const update = (set: string) => database.query(`update agents set ${set} where id = $1`, [scout]);
const claim = async () =>
  (await dispatch(database, gateway, { claim: 10, settings: { wake_cooldown: 0 } })).claimed;
const end = (token: string | undefined, outcome: string, more: object = {}) =>
  dispatch(database, gateway, { results: [{ token, outcome, ...more }], settings: { wake_cooldown: 0 } });
const report = (conditions: readonly object[]) =>
  database.as(service, `select report_agent_health($1, $2)`, [
    gateway,
    JSON.stringify({ [`home-${slug}`]: conditions }),
  ]);
const alerts = () =>
  database.query<{ type: string; title: string; body: string; over: boolean; occurrences: number }>(
    `select type::text, title, body, resolved_at is not null as over, occurrences from notifications
     where entity_id = $1 order by created_at`,
    [scout],
  );
const mute = { kind: 'mute', subject: 'telegram', reason: 'getMe returned 401 from Telegram' };

describe('an agent that works as it should', () => {
  test('is idle, and says how much waits for it', async () => {
    expect(await health()).toMatchObject({
      state: 'idle',
      reason: 'nothing to do',
      action: null,
      help: null,
    });
    await assignTask(database, 'one', scout);
    expect(await health()).toMatchObject({ state: 'idle', reason: '1 in its inbox', queued: 1 });
  });

  test('works on an item since its turn began, or on a message of a person', async () => {
    await assignTask(database, 'Count the chairs', scout);
    const [turn] = await claim();
    expect(await health()).toMatchObject({
      state: 'working',
      reason: 'Count the chairs',
      since: expect.any(String),
    });
    expect(await database.query(`select kind from agent_conditions where agent_id = $1`, [scout])).toEqual([
      { kind: 'turn' },
    ]);
    await end(turn?.token, 'released');
    expect(await database.query(`select from agent_conditions where agent_id = $1`, [scout])).toEqual([]);
    const { command } = await enqueue(database, operator, 'wake_agent', {
      agent: slug,
      gateway,
      payload: { message: 'Hello' },
    });
    await database.query(`update agent_commands set status = 'running' where id = $1`, [command?.id]);
    expect(await health()).toMatchObject({ state: 'working', reason: expect.stringContaining('a message') });
  });

  test('shows what its turn has spent so far', async () => {
    await assignTask(database, 'one', scout);
    const [turn] = await claim();
    for (const usd of [0.25, 0.5]) {
      await database.query(
        `insert into agent_usage (agent_id, run_id, provider, model, total_tokens, cost_total_usd, occurred_at)
         values ($1, $2, 'p', 'm', 100, $3, clock_timestamp())`,
        [scout, turn?.run_id, usd],
      );
    }
    expect(
      await database.query(`select tokens::int, cost_usd::float from agent_activity where agent_id = $1`, [
        scout,
      ]),
    ).toEqual([{ tokens: 200, cost_usd: 0.75 }]);
  });

  test('waits for a person: in its turn, and for its questions and failures', async () => {
    const call = await asAgent(database, scout);
    await assignTask(database, 'one', scout);
    const [turn] = await claim();
    await call('ask', { question: 'Blue or red?', wait_seconds: 45, session_key: turn?.session_key });
    expect(await health()).toMatchObject({
      state: 'waiting',
      reason: 'Blue or red?',
      action: { action: 'answer_question', allowed: true },
    });
    await database.query(`update agent_questions set waits_until = null where agent_id = $1`, [scout]);
    expect(await health()).toMatchObject({ state: 'working', needs: 1 });
    await end(turn?.token, 'done');
    expect(await health()).toMatchObject({ state: 'waiting', reason: 'Blue or red?' });
  });
});

describe('an agent that does not answer says why, and what helps', () => {
  test('when an operator paused it, or everything', async () => {
    await enqueue(database, operator, 'pause_agent', { agent: slug, gateway });
    expect(await health()).toMatchObject({
      state: 'paused',
      reason: expect.stringMatching(/^paused by .+@/),
      since: expect.any(String),
      action: { action: 'resume_agent', agent: slug, gateway: `gateway-${count}`, allowed: true },
    });
    await enqueue(database, operator, 'resume_agent', { agent: slug, gateway });
    await enqueue(database, operator, 'stop_all', {});
    expect(await health()).toMatchObject({ state: 'paused', action: { action: 'resume_all' } });
    await enqueue(database, operator, 'resume_all', {});
    await database.query(`update gateways set status = 'paused' where id = $1`, [gateway]);
    expect(await health()).toMatchObject({
      state: 'paused',
      reason: 'its gateway is paused',
      action: { action: 'resume_gateway' },
    });
  });

  test('when its provisioning failed, with the reason', async () => {
    await database.as(service, `select agent_failed($1, 'there is no template x')`, [scout]);
    expect(await health()).toMatchObject({
      state: 'error',
      reason: 'there is no template x',
      action: { action: 'update', agent: slug },
    });
  });

  test('when its gateway is not heard of, has a problem, or is none', async () => {
    await database.query(
      `update gateways set meta = '{"gateway_problem": "OpenClaw keeps ending."}' where id = $1`,
      [gateway],
    );
    expect(await health()).toMatchObject({
      state: 'offline',
      reason: 'OpenClaw keeps ending.',
      action: { action: 'restart_gateway' },
    });
    await database.query(
      `update gateways set meta = '{}', last_seen_at = clock_timestamp() - interval '10 minutes' where id = $1`,
      [gateway],
    );
    expect(await health()).toMatchObject({
      state: 'offline',
      reason: `gateway-${count} is not heard of`,
      action: null,
      help: expect.stringContaining('Start hq-runner'),
    });
    await update('gateway_id = null');
    expect(await health()).toMatchObject({ state: 'offline', reason: 'it is on no gateway' });
  });

  test('when it has spent its budget', async () => {
    await database.query(
      `insert into agent_budgets (agent_id, monthly_limit_usd, current_period_spend_usd) values ($1, 1, 1)`,
      [scout],
    );
    expect(await health()).toMatchObject({
      state: 'over_budget',
      until: expect.any(String),
      action: { action: 'top_up_budget', allowed: false },
    });
  });

  test('when the provider refuses its key: until a turn succeeds', async () => {
    await update(`model = 'openai/gpt-5'`);
    await assignTask(database, 'one', scout);
    const [turn] = await claim();
    await end(turn?.token, 'held', { hold_reason: 'provider returned HTTP 401', hold_seconds: 1 });
    expect(await health()).toMatchObject({
      state: 'signed_out',
      reason: 'provider returned HTTP 401',
      action: { action: 'auth_set_api_key', payload: { provider: 'openai' } },
    });
    expect(await alerts()).toMatchObject([
      { type: 'agent_signed_out', title: `${slug} is signed out`, over: false },
    ]);
    await database.query(`update hq.agent_dispatch set held_until = clock_timestamp() where agent_id = $1`, [
      scout,
    ]);
    expect(await health()).toMatchObject({ state: 'signed_out' });
    const [again] = await claim();
    const call = await asAgent(database, scout);
    await call('complete_item', { item: again?.item_id, summary: 'done' });
    await end(again?.token, 'done');
    expect(await health()).toMatchObject({ state: 'idle' });
    expect(await alerts()).toMatchObject([{ type: 'agent_signed_out', over: true }]);
  });

  test('when the provider is away for a moment', async () => {
    await assignTask(database, 'one', scout);
    const [turn] = await claim();
    await end(turn?.token, 'held', { hold_reason: 'provider returned HTTP 503' });
    expect(await health()).toMatchObject({
      state: 'held',
      reason: 'provider returned HTTP 503',
      until: expect.any(String),
    });
  });

  test('when too many turns failed', async () => {
    await assignTask(database, 'one', scout);
    const [turn] = await claim();
    await dispatch(database, gateway, {
      results: [{ token: turn?.token, outcome: 'failed', error: 'no luck' }],
      settings: { max_consecutive_failures: 1 },
    });
    expect(await health()).toMatchObject({
      state: 'stalled',
      reason: 'its last turn failed',
      action: { action: 'set_agent_model' },
    });
  });

  test('when nobody renews its turn', async () => {
    await assignTask(database, 'one', scout);
    await claim();
    await database.query(
      `update hq.agent_dispatch set leased_until = clock_timestamp() - interval '3 minutes' where agent_id = $1`,
      [scout],
    );
    expect(await health()).toMatchObject({
      state: 'stuck',
      action: { action: 'restart_session', payload: { session: expect.any(String) } },
    });
  });
});

describe('a report of the gateway', () => {
  test('is one alert for each kind, which says what to do and ends with the condition', async () => {
    await report([mute]);
    await report([{ ...mute, reason: 'getMe returned 401 from Telegram again' }]);
    expect(await health()).toMatchObject({
      state: 'mute',
      reason: 'getMe returned 401 from Telegram again',
      help: `Store the right token of its telegram: hq-tui secrets set TELEGRAM_BOT_TOKEN --agent ${slug}`,
      action: null,
    });
    await report([{ ...mute, reason: 'telegram: it is not running' }]);
    expect(await health()).toMatchObject({ action: { action: 'restart_gateway' } });
    await report([mute, { kind: 'full', subject: 'agent:x:hq', reason: 'the session is full' }]);
    expect(await health()).toMatchObject({
      state: 'full',
      action: { action: 'restart_session', payload: { session: 'agent:x:hq' } },
    });
    expect(await alerts()).toMatchObject([
      {
        type: 'agent_mute',
        occurrences: 1,
        over: false,
        body: expect.stringContaining('TELEGRAM_BOT_TOKEN'),
      },
      { type: 'agent_full', over: false },
    ]);
    await report([]);
    expect(await alerts()).toMatchObject([{ over: true }, { over: true }]);
    expect(await health()).toMatchObject({ state: 'idle' });
  });

  test('shows a stuck and a signed-out agent before what it does', async () => {
    await assignTask(database, 'one', scout);
    await claim();
    const stuck = { kind: 'stuck', subject: 'agent:x:main', reason: 'a turn runs for 2 h' };
    await report([mute, stuck, { kind: 'signed_out', subject: 'openai', reason: 'no key for openai' }]);
    expect(await health()).toMatchObject({ state: 'signed_out', reason: 'no key for openai' });
    await report([mute, stuck]);
    expect(await health()).toMatchObject({
      state: 'stuck',
      action: { payload: { session: 'agent:x:main' } },
    });
  });

  test('keeps the time at which a condition began, and writes nothing when nothing changed', async () => {
    await report([mute]);
    const version = () =>
      database.query(`select xmin::text, since from agent_conditions where agent_id = $1`, [scout]);
    const before = await version();
    await report([mute]);
    expect(await version()).toEqual(before);
  });

  test('counts only for agents of that gateway that are not paused', async () => {
    await report([mute]);
    await enqueue(database, operator, 'pause_agent', { agent: slug, gateway });
    expect(await alerts()).toMatchObject([{ type: 'agent_mute', over: true }]);
    await report([mute]);
    expect(await database.query(`select from agent_conditions where agent_id = $1`, [scout])).toEqual([]);
    await enqueue(database, operator, 'resume_agent', { agent: slug, gateway });
    const other = await database.addGateway(`other-${count}`);
    await database.as(service, `select report_agent_health($1, $2)`, [
      other,
      JSON.stringify({ [`home-${slug}`]: [mute] }),
    ]);
    expect(await health()).toMatchObject({ state: 'idle' });
  });

  test('ends with its agent', async () => {
    await report([mute]);
    await database.query(`delete from agents where id = $1`, [scout]);
    expect(await alerts()).toMatchObject([{ type: 'agent_mute', over: true }]);
  });
});

test('shows nothing of another tenant, and nothing to somebody who is no member', async () => {
  const other = await database.addTenant(`other-${count}`);
  expect(await read(await database.addUser({ role: 'admin', tenant: other.id }), null)).toEqual([]);
  expect(await read(await database.addUser({ role: null }), null)).toEqual([]);
  expect((await read(await database.addUser({ role: 'viewer' }), null)).length).toBeGreaterThan(1);
});
