import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '@hq/shared/actions';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nilTenant } from '../../db/testing/database.ts';
import { assignTask, dispatch } from '../../db/testing/dispatch.ts';
import { eventually } from '../../db/testing/eventually.ts';
import { claimOne, exchange } from '../../db/testing/exchange.ts';
import { type StackMember, startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { type Bundled, bundled } from './bundled.ts';
import { ScreenSession } from './screen-session.ts';

/** Tests what an operator does with an agent, against the real database. */
let program: Bundled;
let stack: TestStack;
let gateway: string;
let scout: string;
let home: string;
const members = new Map<Role, StackMember>();
const sessions: ScreenSession[] = [];

beforeAll(async () => {
  [program, stack, home] = await Promise.all([
    bundled('tui/src/main.ts'),
    startTestStack(),
    mkdtemp(join(tmpdir(), 'hq-home-')),
  ]);
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  gateway = row?.id ?? '';
  scout = await stack.database.addAgent('scout', gateway);
  for (const role of ['viewer', 'operator'] as const) members.set(role, await stack.createMember(role));
});
beforeEach(async () => {
  await exchange(stack.database, { gateway, beat: { services: [], version: '0.1.0' } });
  await stack.database.query(`update agents set status = 'ready'`);
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});
afterAll(async () => {
  await stack.close();
  await program.remove();
  await rm(home, { recursive: true, force: true });
});

async function signedIn(role: Role): Promise<ScreenSession> {
  const member = members.get(role);
  const session = new ScreenSession(process.execPath, [program.file], {
    ...{ columns: 80, rows: 24 },
    env: {
      ...{ SUPABASE_URL: stack.url, SUPABASE_ANON_KEY: stack.anonKey, XDG_STATE_HOME: home },
      ...{ HQ_EMAIL: member?.email ?? '', HQ_PASSWORD: member?.password ?? '', NO_COLOR: '1' },
    },
  });
  sessions.push(session);
  await session.waitFor('● LIVE');
  session.press('2');
  await session.waitFor('scout');
  return session;
}

const status = async () =>
  (await stack.database.query<{ status: string }>(`select status from agents where id = $1`, [scout]))[0]
    ?.status;

describe('waking an agent with a key', () => {
  it('shows text, tools, tokens and cost on the command and on the agent', async () => {
    const session = await signedIn('operator');
    session.press('W');
    await session.waitFor('Wake scout with a message');
    session.press('Look at your inbox\r');
    await session.waitFor('Waiting for the runner to take it.');
    const { lease_token: token } = await claimOne(stack.database, gateway);
    const say = (seq: number, stream: string, text: string) =>
      exchange(stack.database, { gateway, output: [{ token, seq, stream, text }] });
    await say(1, 'stderr', '[hq_inbox]\n');
    await session.waitFor('[hq_inbox]');
    session.press('\u001b');
    await session.waitFor('[2 Agents]');
    session.press('\r');
    await session.waitFor('── Last turn');
    await session.waitFor('Look at your inbox');
    await say(2, 'stdout', 'There are two items.\n');
    await session.waitFor('There are two items.');
    await session.waitFor(/Last turn ─+ running \d/);
    await say(3, 'stderr', '[1 tool, 1234 tokens, 0.0021 USD, 2.5 s]\n');
    const result = {
      ...{ run: 'r', text: 'Both are done.', tools: ['hq_inbox'], tokens: 1234, cost_usd: 0.0021 },
      tookMs: 2_500,
    };
    await exchange(stack.database, { gateway, results: [{ token, status: 'done', exit_code: 0, result }] });
    await session.waitFor('[1 tool, 1234 tokens, 0.0021 USD, 2.5 s]');
    await session.waitFor(/Last turn ─+ done/);
  });

  it('says at once why a paused agent cannot be woken, and keeps the message', async () => {
    await stack.database.query(`update agents set status = 'paused'`);
    const session = await signedIn('operator');
    session.press('W');
    await session.waitFor('Wake scout with a message');
    session.press('Keep this\r');
    await session.waitFor('scout is paused');
    await session.waitFor('resume_agent lets it work again.');
    expect(session.text()).toContain('Keep this');
    session.press('\u001b');
    await eventually(() => expect(session.text()).not.toContain('Wake scout with a message'));
    session.press('p');
    await session.waitFor('scout works again');
    session.press('W');
    await session.waitFor('Keep this');
    session.press('\r');
    await session.waitFor('Waiting for the runner to take it.');
    await stack.database.query(
      `update agent_commands set status = 'cancelled' where status = 'pending' and action = 'wake_agent'`,
    );
  });
});

describe('taking over', () => {
  it('pauses the agent, shows its session for reading alone, and resumes it', async () => {
    const session = await signedIn('operator');
    session.press('t');
    await session.waitFor('Take over scout');
    session.press('\t\r');
    await session.waitFor('Read only: HQ sends nothing to this session.');
    await session.waitFor('scout does nothing until p resumes it.');
    expect(await status()).toBe('paused');
    const { lease_token: token } = await claimOne(stack.database, gateway);
    const lines = Array.from({ length: 40 }, (_, at) => `line ${at + 1}`).join('\n');
    await exchange(stack.database, {
      gateway,
      output: [{ token, seq: 1, stream: 'stdout', text: `12:00 user\n  ${lines}\nscout\n  The newest.\n` }],
      results: [
        {
          ...{ token, status: 'done', exit_code: 0 },
          result: {
            ...{ agent: 'scout', session: 'agent:scout:hq', messages: 2, has_older: false },
            sessions: ['agent:scout:hq', 'agent:scout:main'],
          },
        },
      ],
    });
    await session.waitFor('The newest.');
    await session.waitFor('agent:scout:hq · 2 messages');
    expect(session.text()).not.toContain('12:00 user');
    session.press('g');
    await session.waitFor('12:00 user');
    session.press('n');
    const next = await eventually(() => claimOne(stack.database, gateway));
    expect(next.payload).toMatchObject({ session: 'agent:scout:main' });
    const failed = { token: next.lease_token, status: 'failed', exit_code: 1, error_message: 'it is gone' };
    await exchange(stack.database, { gateway, results: [failed] });
    await session.waitFor('it is gone');
    session.press('p');
    await session.waitFor('scout is not paused');
    expect(await status()).toBe('ready');
  });
});

describe('people who ask to write to an agent', () => {
  const ask = (code: string, sender: string) =>
    stack.database.query(
      `insert into pairing_requests (gateway_id, agent_id, channel, account, sender, sender_name, code, expires_at)
       values ($1, $2, 'telegram', 'scout', $3, $3, $4, now() + interval '1 hour')`,
      [gateway, scout, sender, code],
    );

  it('appear while an operator looks, who approves them; a viewer sees no code', async () => {
    const [operator, viewer] = await Promise.all([signedIn('operator'), signedIn('viewer')]);
    for (const session of [operator, viewer]) {
      session.press('P');
      await session.waitFor('Nobody waits for an approval.');
    }
    await ask('5N6NW8JZ', 'Sam');
    await operator.waitFor('5N6NW8JZ');
    await operator.waitFor('Sam');
    operator.press('a');
    await operator.waitFor('Approve a pairing: default, sent');
    const { action, payload, lease_token: token } = await claimOne(stack.database, gateway);
    expect({ action, payload }).toEqual({
      action: 'approve_pairing',
      payload: { pairing_code: expect.stringMatching(/^[0-9a-f-]{36}$/), channel: 'telegram' },
    });
    await stack.database.query(`select pairing_approved($1, 'telegram', '5N6NW8JZ')`, [gateway]);
    await exchange(stack.database, {
      gateway,
      results: [
        {
          ...{ token, status: 'done', exit_code: 0 },
          result: { sender: 'Sam', account: 'scout', channel: 'telegram' },
        },
      ],
    });
    await operator.waitFor('Sam may write to scout on telegram');
    await operator.waitFor('Nobody waits for an approval.');
    expect(viewer.text()).toContain('Nobody waits for an approval.');
    expect(viewer.written).not.toContain('5N6NW8JZ');
  });
});

describe('the health of an agent', () => {
  const report = (conditions: readonly object[]) =>
    stack.database.query(`select report_agent_health($1, $2)`, [
      gateway,
      JSON.stringify({ scout: conditions }),
    ]);

  it('comes to the list and to the agent, with the reason, its age and what helps', async () => {
    await stack.database.query(`update agents set openclaw_id = 'scout' where id = $1`, [scout]);
    const session = await signedIn('operator');
    await session.waitFor(/scout +idle +nothing to do/);
    await report([{ kind: 'full', subject: 'agent:scout:hq', reason: 'the session is full' }]);
    await session.waitFor(/scout +full +now +the session is f.* +Restart a session/);
    session.press('\r');
    await session.waitFor('x restart a session: Restart the session: the agent forgets');
    session.press('x');
    await session.waitFor('scout: full');
    session.press('1');
    await session.waitFor('Restart a session: scout');
    session.press('\u001b');
    await report([]);
    await session.waitFor('nothing to do');
  });

  it('shows the turn for an item while it runs: tool, tokens, cost and words', async () => {
    await stack.database.query(`update agents set openclaw_id = 'scout' where id = $1`, [scout]);
    await assignTask(stack.database, 'Count the chairs', scout);
    const [turn] = (await dispatch(stack.database, gateway, { claim: 1 })).claimed;
    const session = await signedIn('operator');
    await session.waitFor(/scout +working +now +Count the chairs/);
    session.press('\r');
    await session.waitFor('Turn now');
    await stack.database.query(
      `insert into agent_usage (agent_id, run_id, provider, model, total_tokens, cost_total_usd, occurred_at)
       values ($1, $2, 'p', 'm', 1200, 0.25, clock_timestamp())`,
      [scout, turn?.run_id],
    );
    await session.waitFor('1200 tokens · 0.2500 USD');
    const activity = { tool: 'hq_comment', text: 'There are seven chairs.', model: null };
    await eventually(async () => {
      await dispatch(stack.database, gateway, { renew: [{ token: turn?.token, activity }] });
      expect(session.text()).toContain('uses hq_comment · 1200 tokens');
    });
    await session.waitFor('There are seven chairs.');
    await dispatch(stack.database, gateway, { results: [{ token: turn?.token, outcome: 'released' }] });
    await session.waitFor('in its inbox');
    expect(session.text()).not.toContain('Turn now');
    await stack.database.query('delete from agent_inbox_items');
  });
});
