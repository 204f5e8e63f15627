import { readFileSync } from 'node:fs';
import { sleep } from '@hq/shared/program';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTelegramServer, type TelegramServer } from '../bots/fakes/telegram-server/index.ts';
import { type ModelServer, startModelServer } from '../gateway/src/rehearsal/model-server.ts';
import { type AgentStack, longMs, startAgentStack, startMs, until } from './agent-stack.ts';

const quietMs = 10_000;

type Person = ReturnType<TelegramServer['person']>;

let telegram: TelegramServer;
let model: ModelServer;
let stack: AgentStack;
let ann: Person;
/** Word of a test that each request to the model is about. */
const asked: string[] = [];
const words = /\b(SPEND|ALPHA|BRAVO|CHARLIE|DELTA|ECHO)\b/g;

/** Returns the word that is new in the messages, else the last one: OpenClaw repeats earlier messages. */
function wordOf(people: readonly string[]): string {
  const found = people.join(' ').match(words) ?? [];
  return found.findLast((word) => !asked.includes(word)) ?? asked.at(-1) ?? 'nothing';
}

beforeAll(async () => {
  telegram = await startTelegramServer({ acceptsHtml: true });
  ann = telegram.person('Ann');
  model = await startModelServer(({ messages }) => {
    const people = messages.filter(({ role }) => role === 'user').map(({ text }) => text);
    const last = wordOf(people);
    asked.push(last);
    if (last === 'SPEND') return { tool: 'hq_inbox', arguments: {} };
    return { text: `the answer to ${last}` };
  });
  stack = await startAgentStack({
    models: { providers: { test: providerOf(model.url) } },
    agents: { defaults: { model: { primary: 'test/one' } } },
    channels: { telegram: { apiRoot: telegram.url, network: { dangerouslyAllowPrivateNetwork: true } } },
  });
}, 2 * startMs);
afterAll(async () => {
  await stack?.close();
  model?.close();
  await telegram?.close();
}, 90_000);

function providerOf(baseUrl: string) {
  const one = {
    ...{ id: 'one', name: 'One', reasoning: false, input: ['text'] },
    // Dollars for a million tokens: each request costs a few dollars.
    cost: { input: 1_000, output: 1_000, cacheRead: 0, cacheWrite: 0 },
    ...{ contextWindow: 200_000, maxTokens: 8_192 },
  };
  return { baseUrl, apiKey: 'none', api: 'openai-completions', models: [one] };
}

const chat = () => telegram.direct(ann);
const write = (text: string) => telegram.write(ann, chat(), text);
const texts = () => telegram.messages(chat()).map(({ text }) => text);
const answers = () => texts().filter((text) => text.includes('the answer to'));
const answered = (text: string) => until(() => expect(answers().at(-1)).toContain(`the answer to ${text}`));
const rows = (sql: string) => stack.query<Record<string, unknown>>(sql);
const agent = async () =>
  (await rows(`select status, openclaw_id, meta ->> 'error' as error from agents where slug = 'maya'`))[0];

/** Provisions Maya and stores the token of her account. */
async function provisioned(): Promise<void> {
  const provision = await stack.run('provision', { slug: 'maya', name: 'Maya', channel: 'telegram' });
  expect(provision).toMatchObject({
    status: 'failed',
    error_message: expect.stringContaining(
      'telegram account lacks TELEGRAM_BOT_TOKEN: store that as a secret of the agent',
    ),
  });
  expect(await agent()).toMatchObject({ status: 'error' });
  await stack.setSecret('TELEGRAM_BOT_TOKEN', telegram.token, 'maya');
  await until(async () => expect(await agent()).toMatchObject({ status: 'ready', error: null }));
  await until(() => expect(telegram.isPolled).toBe(true));
}

/** Waits for a request of Ann that is pending, and returns its code. */
async function pendingCode(): Promise<string> {
  return await until(async () => {
    const [row] = await rows(
      `select code, channel, account, sender, status from pairing_requests where status = 'pending'`,
    );
    expect(row).toMatchObject({ channel: 'telegram', account: 'maya', sender: String(ann.id) });
    return String(row?.code);
  });
}

async function approved(): Promise<void> {
  const approval = { pairing_code: await pendingCode(), channel: 'telegram' };
  expect(await stack.run('approve_pairing', approval)).toMatchObject({
    status: 'done',
    result: { sender: String(ann.id), account: 'maya', channel: 'telegram' },
  });
}

describe('an agent with an account on Telegram', { timeout: 2 * longMs }, () => {
  it('is connected once the secret with its token is stored', async () => {
    await provisioned();
    expect(JSON.stringify(await stack.call('config.get'))).not.toContain(telegram.token);
    expect(stack.output()).not.toContain(telegram.token);
  });

  it('gives a stranger a code and no answer, and tells HQ', async () => {
    write('ALPHA');
    const code = await pendingCode();
    await until(() => expect(texts().at(-1)).toContain(code));
    expect(asked).toEqual([]);
    const alerts = () =>
      rows(`select severity, meta ->> 'agent_slug' as agent, resolved_at
            from notifications where type = 'pairing_requested'`);
    await until(async () => expect(await alerts()).toMatchObject([{ agent: 'maya', resolved_at: null }]));
    await approved();
    expect(await alerts()).toMatchObject([{ resolved_at: expect.any(Date) }]);
    expect(await rows('select status from pairing_requests')).toEqual([{ status: 'approved' }]);
  });

  it('answers a person who was approved, and is charged for it', async () => {
    write('BRAVO');
    await answered('BRAVO');
    await until(async () => {
      const [spent] = await rows('select current_period_spend_usd::float as usd from agent_budgets');
      expect(spent?.usd).toBeGreaterThan(0);
    });
  });

  it('is silent at once when paused, and answers what waited when resumed', async () => {
    const before = asked.length;
    expect(await stack.run('pause_agent', {}, 'maya')).toMatchObject({ status: 'done' });
    await until(() => expect(telegram.isPolled).toBe(false));
    write('CHARLIE');
    const account = z.object({ enabled: z.boolean() });
    const isEnabled = () =>
      account.parse(
        JSON.parse(readFileSync(stack.file('openclaw.json'), 'utf8')).channels.telegram.accounts.maya,
      ).enabled;
    await until(() => expect(isEnabled()).toBe(false));
    expect(telegram.unconfirmed).toHaveLength(1);
    expect(asked).toHaveLength(before);
    expect(await stack.run('resume_agent', {}, 'maya')).toMatchObject({ status: 'done' });
    await answered('CHARLIE');
    expect(isEnabled()).toBe(true);
  });
});

describe('the budget of an agent', { timeout: 2 * longMs }, () => {
  const setBudget = (payload: object) => stack.run('set_budget', payload, 'maya');

  it('ends a turn of the chat that spends it', async () => {
    const [spent] = await rows('select current_period_spend_usd::float as usd from agent_budgets');
    await setBudget({
      limit_usd: String(Math.ceil(Number(spent?.usd) + 40)),
      hourly_limit_usd: '1000',
      hard_cutoff: true,
    });
    const before = asked.length;
    write('SPEND');
    await until(async () =>
      expect(await rows('select status from agent_budgets')).toEqual([{ status: 'exceeded' }]),
    );
    const sessions = z.object({ sessions: z.array(z.object({ status: z.string().optional() })) });
    await until(async () => {
      const { sessions: listed } = sessions.parse(await stack.call('sessions.list'));
      expect(listed.map(({ status }) => status)).not.toContain('running');
    });
    expect(asked.length - before).toBeGreaterThan(1);
    expect(asked.length - before).toBeLessThan(20);
    expect(answers().at(-1)).toContain('CHARLIE');
  });

  it('keeps a chat from a turn', async () => {
    const [before, answersBefore] = [asked.length, answers().length];
    write('DELTA');
    await until(() => expect(telegram.unconfirmed).toEqual([]));
    // Nothing tells that there is no turn. One would have asked the model by then.
    await sleep(quietMs);
    expect(asked).toHaveLength(before);
    expect(answers()).toHaveLength(answersBefore);
  });

  it('keeps a schedule of OpenClaw from a turn', async () => {
    const before = asked.length;
    const job = await stack.call('cron.add', {
      name: 'every minute',
      agentId: 'maya',
      enabled: true,
      schedule: { kind: 'every', everyMs: 60_000 },
      sessionTarget: 'isolated',
      wakeMode: 'now',
      payload: { kind: 'agentTurn', message: 'ECHO' },
      delivery: { mode: 'none' },
    });
    const { id } = z.object({ id: z.string() }).parse(job);
    await stack.call('cron.run', { id, mode: 'force' });
    const runs = () => stack.call('cron.runs', { id });
    await until(async () => expect(JSON.stringify(await runs())).toContain('Budget'));
    expect(asked).toHaveLength(before);
    await setBudget({ limit_usd: 'none' });
    await stack.call('cron.run', { id, mode: 'force' });
    await until(() => expect(asked.at(-1)).toContain('ECHO'));
  });
});
