import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@hq/shared/log';
import { readSecretsKeys, seal } from '@hq/shared/secrets';
import { createRedactor } from '@hq/shared/text';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectDatabase } from '../database.ts';
import { GatewayControl } from '../gateway-control.ts';
import { handlers } from '../handlers/index.ts';
import { type Runner, startRunner } from '../runner.ts';
import { SecretsSync } from '../secrets/secrets-sync.ts';
import { type AgentsGateway, startAgentsGateway } from '../testing/agents-gateway.ts';
import { noServices, noWakes } from '../testing/no-services.ts';
import { type RunnerHarness, startRunnerHarness, until } from '../testing/runner-harness.ts';

let harness: RunnerHarness;
let directory: string;
let gateway: AgentsGateway;
let runner: Runner;
let count = 0;

beforeAll(async () => {
  harness = await startRunnerHarness();
  directory = mkdtempSync(join(tmpdir(), 'hq-agents-'));
});
afterAll(async () => {
  await harness.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  count += 1;
  gateway = await startAgentsGateway(join(directory, `${count}.sock`));
  runner = await openRunner();
});
afterEach(async () => {
  await runner.stop();
  await gateway.close();
  await query(`delete from agents`);
});

const query = (sql: string, values: readonly unknown[] = []) => harness.stack.database.query(sql, values);
const keys = () => readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: harness.stack.serviceRoleKey });

async function openRunner(): Promise<Runner> {
  const { url, serviceRoleKey } = harness.stack;
  const redactor = createRedactor([]);
  const log = createLog('fatal', redactor);
  const database = connectDatabase({ url, serviceRoleKey });
  const path = join(directory, `secrets-${count}`);
  const secrets = new SecretsSync({
    database,
    gatewayId: harness.gateway,
    keys: keys(),
    path,
    redactor,
    log,
  });
  await secrets.start(5_000);
  return startRunner({
    ...{ url, serviceRoleKey, gatewayId: harness.gateway, database, secrets, handlers, redactor, log },
    ...{ version: '0', slots: 4, pollInterval: 1, commandTimeout: 60, healthPort: 0 },
    ...{ dispatch: noWakes, reconcileInterval: 60 },
    stack: { ...noServices, gateway: new GatewayControl(gateway.socket) },
  });
}

async function run(action: string, payload: object = {}, slug: string | null = null): Promise<string> {
  const [row] = await query(
    `insert into agent_commands (gateway_id, action, payload, agent_id)
     select $1, $2, $3, (select id from agents where slug = $4) returning id`,
    [harness.gateway, action, JSON.stringify(payload), slug],
  );
  return String(row?.id);
}
const done = async (action: string, payload: object = {}, slug: string | null = null) =>
  harness.ended(await run(action, payload, slug));
const agent = async (slug: string) =>
  (
    await query(`select status, openclaw_id, branch, meta ->> 'error' as error from agents where slug = $1`, [
      slug,
    ])
  )[0];
const isReady = (slug: string) =>
  until(`${slug} to be ready`, async () => (await agent(slug))?.status === 'ready');

describe('the agents of a gateway', () => {
  test('an agent is provisioned with a credential, and its row says where it is', async () => {
    const ended = await done('provision', { name: 'Scout', emoji: '🦊' });
    expect(ended).toMatchObject({ status: 'done', result: { agent: 'scout', branch: 'scout' } });
    expect(await agent('scout')).toEqual({
      status: 'ready',
      openclaw_id: 'scout',
      branch: 'scout',
      error: null,
    });
    const token = gateway.agents.get('scout')?.token ?? '';
    const [call] = await query(`select agent_call($1, 'budget') as answer`, [token]);
    expect(call?.answer).toMatchObject({ allowed: true });
    expect(await harness.output(ended.id)).toContain('comparing 1 agents');
    expect(JSON.stringify(ended)).not.toContain(token);
  });

  test('follow the database without a command', async () => {
    await done('provision', { slug: 'scout' });
    await query(`update agents set description = 'Finds things' where slug = 'scout'`);
    await until('the description to come', () => gateway.specs.get('scout')?.description === 'Finds things');
    await harness.stack.database.addAgent('bee', harness.gateway);
    await until('the other agent to come', () => gateway.agents.has('bee'));
  });

  test('are compared again after a gateway forgot them', async () => {
    await done('provision', { slug: 'scout' });
    // The provisioning changed the rows, and they are compared once more.
    await done('update_all');
    const { token } = gateway.agents.get('scout') ?? {};
    gateway.agents.clear();
    // A comparison of the runner's own may come first.
    expect(await done('update_all')).toMatchObject({ status: 'done', result: { unexpected: [] } });
    expect(gateway.agents.get('scout')?.token).toMatch(/^[0-9a-f]{64}$/);
    expect(gateway.agents.get('scout')?.token).not.toBe(token);
    expect(await done('update_all')).toMatchObject({ result: { changed: [], unchanged: 1 } });
  });

  test('wait for a gateway that starts', async () => {
    gateway.isReady = false;
    const id = await run('provision', { slug: 'scout' });
    await until('the command to say so', async () =>
      (await harness.output(id)).includes('is starting (openclaw)'),
    );
    gateway.isReady = true;
    expect(await harness.ended(id)).toMatchObject({ status: 'done' });
  });

  test('are compared again where OpenClaw restarts meanwhile', async () => {
    gateway.restarts = 3;
    const ended = await done('provision', { slug: 'scout' });
    expect(ended).toMatchObject({
      status: 'done',
      stderr: expect.stringContaining('there is no connection'),
    });
  });

  test('a pause reaches the gateway at once, and so does the end of it', async () => {
    await done('provision', { slug: 'scout' });
    await done('pause_agent', {}, 'scout');
    await until('the pause', () => gateway.requests.includes('POST /agents/scout/pause'));
    await until('the status', () => gateway.specs.get('scout')?.status === 'paused');
    expect(gateway.requests.lastIndexOf('PUT /agents')).toBeGreaterThan(
      gateway.requests.indexOf('POST /agents/scout/pause'),
    );
    await done('resume_agent', {}, 'scout');
    await until('the end', () => gateway.requests.includes('POST /agents/scout/resume'));
  });

  test('a problem of one is its error until it is gone, and no other’s', async () => {
    gateway.faults.set('scout', 'TELEGRAM_BOT_TOKEN is missing');
    expect(await done('provision', { slug: 'scout', channel: 'telegram' })).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('TELEGRAM_BOT_TOKEN is missing'),
    });
    expect(await done('provision', { slug: 'bee' })).toMatchObject({ status: 'done' });
    expect(await agent('scout')).toMatchObject({ status: 'error', error: 'TELEGRAM_BOT_TOKEN is missing' });
    gateway.faults.clear();
    await query(
      `insert into secrets (gateway_id, agent_id, key, encrypted_value, category)
       select $1, id, 'TELEGRAM_BOT_TOKEN', $2, 'channel' from agents where slug = 'scout'`,
      [harness.gateway, seal('1234:token', keys().current)],
    );
    await isReady('scout');
    // A comparison may come between the end of the fault and the secret.
    const channel = JSON.stringify({ name: 'telegram', tokens: { botToken: '1234:token' } });
    await until('its token', () => JSON.stringify(gateway.specs.get('scout')?.channel) === channel);
  });

  test('a row that the gateway could not use is an error of that agent alone', async () => {
    await harness.stack.database.addAgent('scout', harness.gateway);
    await query(`update agents set branch = 'template/x' where slug = 'scout'`);
    expect(await done('provision', { slug: 'bee' })).toMatchObject({ status: 'done' });
    await until('scout to be in error', async () => (await agent('scout'))?.status === 'error');
    expect(await agent('scout')).toMatchObject({ error: expect.stringContaining('branch') });
  });

  test('one is removed from the gateway, then from the database', async () => {
    await done('provision', { slug: 'scout' });
    expect(await done('remove', {}, 'scout')).toMatchObject({
      status: 'done',
      result: { agent: 'scout', archived: 'archive/scout' },
    });
    expect(await agent('scout')).toBeUndefined();
    expect([...gateway.agents.keys()]).toEqual([]);
  });

  test('an update gives a new credential, and a model is set by its command', async () => {
    await done('provision', { slug: 'scout' });
    const { token } = gateway.agents.get('scout') ?? {};
    expect(await done('update', {}, 'scout')).toMatchObject({ result: { agent: 'scout', changed: true } });
    expect(gateway.agents.get('scout')?.token).not.toBe(token);
    expect(await done('set_agent_model', { model: 'm/1', thinking: 'low' }, 'scout')).toMatchObject({
      result: { agent: 'scout', model: 'm/1', thinking: 'low' },
    });
    expect(gateway.specs.get('scout')).toMatchObject({ model: 'm/1', thinking: 'low' });
  });
});

describe('a turn by hand', () => {
  test('shows its text and tools while it runs, and its cost at the end', async () => {
    await done('provision', { slug: 'scout' });
    const ended = await done('wake_agent', { message: 'Hello' }, 'scout');
    expect(ended).toMatchObject({
      status: 'done',
      result: { text: 'Let me see.', tools: ['hq_inbox'], tokens: 15, cost_usd: 0.0012, tookMs: 321 },
      stdout: 'Let me see.\n',
      stderr: '[hq_inbox]\n[1 tool, 15 tokens, 0.0012 USD, 0.3 s]\n',
    });
    expect(ended.result).toMatchObject({ run: `hq:${ended.id}:1` });
  });

  test('that fails fails the command with the reason', async () => {
    await done('provision', { slug: 'scout' });
    expect(await done('wake_agent', { message: 'fail' }, 'scout')).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('Budget exceeded'),
    });
  });

  test('is aborted when its command is cancelled', async () => {
    await done('provision', { slug: 'scout' });
    const aborted = Promise.withResolvers<void>();
    gateway.onAborted = aborted.resolve;
    const id = await run('wake_agent', { message: 'hang' }, 'scout');
    await until('the first text', async () => (await harness.output(id)).includes('[hq_inbox]'));
    await query(`update agent_commands set cancel_requested_at = clock_timestamp() where id = $1`, [id]);
    await aborted.promise;
    expect(await harness.ended(id)).toMatchObject({ status: 'cancelled' });
  });
});

test('models are listed, usable ones first; a pairing is approved; a session begins anew', async () => {
  await done('provision', { slug: 'scout' });
  expect(await done('list_models')).toMatchObject({
    result: {
      models: [
        { id: 'rehearsal/script', name: 'Script', available: true },
        { id: 'openai/gpt-5', name: 'GPT', available: false },
      ],
      total: 2,
    },
  });
  expect(await done('list_models', { provider: 'openai' })).toMatchObject({ result: { total: 1 } });
  await query(
    `insert into pairing_requests (gateway_id, agent_id, channel, account, sender, code, expires_at)
     select $1, id, 'telegram', 'scout', '555', 'AB12', now() + interval '1 hour' from agents where slug = 'scout'`,
    [harness.gateway],
  );
  const approved = {
    status: 'done',
    result: { sender: '555', account: 'scout', channel: 'telegram' },
  };
  const [asked] = await query(`select id from pairing_requests where code = 'AB12'`);
  expect(await done('approve_pairing', { pairing_code: 'AB12', channel: 'telegram' })).toMatchObject(
    approved,
  );
  expect(await query(`select status from pairing_requests where code = 'AB12'`)).toEqual([
    { status: 'approved' },
  ]);
  // By its id, which names no code.
  await query(`update pairing_requests set status = 'pending'`);
  expect(await done('approve_pairing', { pairing_code: asked?.id, channel: 'telegram' })).toMatchObject(
    approved,
  );
  expect(await query(`select status from pairing_requests where code = 'AB12'`)).toEqual([
    { status: 'approved' },
  ]);
  expect(await done('restart_session', {}, 'scout')).toMatchObject({
    result: { agent: 'scout', session: 'agent:scout:hq' },
  });
});

test('what keeps an agent from answering is in its health, and is over when the gateway says so', async () => {
  await done('provision', { slug: 'scout' });
  await isReady('scout');
  const health = async () =>
    (
      await query(
        `select agent_health() -> 0 ->> 'state' as state, agent_health() -> 0 ->> 'reason' as reason`,
      )
    )[0];
  const mute = { kind: 'mute', reason: 'telegram: the token is refused', subject: 'telegram' } as const;
  gateway.conditions.set('scout', [mute]);
  // A change of agents is a reason to look.
  await query(`update agents set name = 'Scout Two' where slug = 'scout'`);
  await until('the agent to be mute', async () => (await health())?.state === 'mute');
  expect(await health()).toEqual({ state: 'mute', reason: 'telegram: the token is refused' });
  gateway.conditions.clear();
  await query(`update agents set name = 'Scout' where slug = 'scout'`);
  await until('the agent to be idle', async () => (await health())?.state === 'idle');
});

test('a session is read into the output, newest last, of a paused agent too', async () => {
  await done('provision', { slug: 'scout' });
  await query(`update agents set status = 'paused' where slug = 'scout'`);
  const all = await done('read_session', {}, 'scout');
  expect(all).toMatchObject({
    status: 'done',
    result: {
      ...{ agent: 'scout', session: 'agent:scout:hq', messages: 4, has_older: false },
      sessions: ['agent:scout:hq', 'agent:scout:main'],
    },
  });
  expect(await harness.output(all.id)).toBe(
    [
      '2026-11-30 12:00:00 user\n  Look at\n  your inbox',
      '2026-11-30 12:00:00 scout [hq_inbox]',
      'tool [hq_inbox]\n  nothing',
      '2026-11-30 12:00:00 scout\n  There is nothing.\n',
    ].join('\n'),
  );
  const last = await done('read_session', { last: 1, session: 'agent:scout:main' }, 'scout');
  expect(last).toMatchObject({ result: { session: 'agent:scout:main', messages: 1, has_older: true } });
  expect(await harness.output(last.id)).toContain('[older messages are left out]');
});
