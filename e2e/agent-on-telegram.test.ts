import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentFlag, sleep } from '@hq/shared/program';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTelegramServer, type TelegramServer } from '../bots/fakes/telegram-server/index.ts';
import { worktreeOf } from '../gateway/src/agents/provision-files.ts';
import {
  type ChatReply,
  type ChatRequest,
  type ModelServer,
  startModelServer,
} from '../gateway/src/rehearsal/model-server.ts';
import { type AgentStack, longMs, startAgentStack, startMs, until } from './agent-stack.ts';

const quietMs = 10_000;

type Person = ReturnType<TelegramServer['person']>;

let telegram: TelegramServer;
let model: ModelServer;
let stack: AgentStack;
let ann: Person;
/** Word of a test that each request to the model is about. */
const asked: string[] = [];
const words = /\b(SPEND|ALPHA|BRAVO|CHARLIE|DELTA|ECHO|FOXTROT)\b/g;
/** Replies of the next requests, after which the model says `done`; null where it answers by words. */
let steps: ((request: ChatRequest) => ChatReply)[] | null = null;
/** Answers of tools in those turns. */
const toolAnswers: string[] = [];

/** Returns the word that is new in the messages, else the last one: OpenClaw repeats earlier messages. */
function wordOf(people: readonly string[]): string {
  const found = people.join(' ').match(words) ?? [];
  return found.findLast((word) => !asked.includes(word)) ?? asked.at(-1) ?? 'nothing';
}

beforeAll(async () => {
  telegram = await startTelegramServer({ acceptsHtml: true });
  ann = telegram.person('Ann');
  model = await startModelServer((request) => {
    const { messages } = request;
    if (steps !== null) {
      toolAnswers.push(...messages.flatMap(({ role, text }) => (role === 'tool' ? [text] : [])).slice(-1));
      return steps.shift()?.(request) ?? { text: 'done' };
    }
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

describe('an agent that needs a person', { timeout: 3 * longMs }, () => {
  beforeAll(() => {
    steps = [];
  });
  afterAll(() => {
    steps = null;
  });
  const play = (...replies: readonly (ChatReply | ((request: ChatRequest) => ChatReply))[]) => {
    steps = replies.map((reply) => (typeof reply === 'function' ? reply : () => reply));
  };
  const turn = () => stack.run('wake_agent', { message: 'Work.' }, 'maya');
  const waits = z.array(z.object({ kind: z.string(), id: z.string(), title: z.string() }));
  const waiting = (kind: string) =>
    until(async () => {
      const [row] = await rows('select needs_you() as needs');
      const found = waits.parse(row?.needs).find((each) => each.kind === kind);
      if (found === undefined) throw new Error(`nothing of the kind ${kind} waits`);
      return found;
    });
  const ask = (question: string, seconds: number): ChatReply => ({
    tool: 'hq_ask_operator',
    arguments: { question, choices: ['red', 'blue'], wait_seconds: seconds },
  });

  const said = ({ messages }: ChatRequest) =>
    messages.flatMap(({ role, text }) => (role === 'user' ? [text] : [])).join('\n');
  const complete = (request: ChatRequest): ChatReply => {
    const [, item = ''] = /\bitem ([0-9a-f]{8})\b/.exec(said(request)) ?? [];
    return { tool: 'hq_complete', arguments: { item, summary: 'It is done.' } };
  };
  const answerItems = () =>
    rows(`select status from agent_inbox_items where event_type = 'question_answer' order by created_at`);

  it.runIf(environmentFlag(process.env, 'HQ_TEST_JAILS'))(
    'is refused a host by name, and reaches it in the next turn once an admin has allowed it',
    async () => {
      const get: ChatReply = {
        tool: 'exec',
        arguments: { command: 'curl -sS -i -m 60 http://files.example.invalid/ 2>&1' },
      };
      play(get);
      expect(await turn()).toMatchObject({ status: 'done' });
      const refusal = 'HQ refused agent maya: files.example.invalid:80 is not on the list of allowed hosts';
      expect(toolAnswers.at(-1)).toContain(refusal);
      const { id, title } = await waiting('allow_host');
      expect(title).toContain('files.example.invalid');
      const before = toolAnswers.length;
      play(get, complete);
      expect(await stack.run('allow_host', { question: id })).toMatchObject({ status: 'done' });
      // The yes wakes it.
      await until(async () => expect(await answerItems()).toEqual([{ status: 'done' }]));
      // HQ lets it out. The name has no server, here as everywhere.
      expect(toolAnswers.slice(before).join('\n')).toContain('files.example.invalid:80 has no address');
    },
  );

  it('goes on with the answer that comes while it waits', async () => {
    play(ask('Which colour?', 120));
    const ended = turn();
    const { id } = await waiting('question');
    await stack.run('answer_question', { question: id, answer: 'blue' });
    expect(await ended).toMatchObject({ status: 'done', result: { tools: ['hq_ask_operator'] } });
    expect(toolAnswers.at(-1)).toMatch(/The answer of .*: blue/);
  });

  it('is woken by an answer that comes after its turn', async () => {
    play(ask('Which colour is next?', 0));
    expect(await turn()).toMatchObject({ status: 'done' });
    const { id } = await waiting('question');
    const earlier = await answerItems();
    let told = '';
    play((request) => {
      told = said(request);
      return complete(request);
    });
    await stack.run('answer_question', { question: id, answer: 'red' });
    await until(async () => expect(await answerItems()).toEqual([...earlier, { status: 'done' }]));
    expect(told).toContain('Which colour is next?');
    expect(told).toContain('red');
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

describe('an agent that is removed', { timeout: 4 * longMs }, () => {
  const sessions = z.object({ sessions: z.array(z.object({ key: z.string() })) });
  const sessionKeys = async () =>
    sessions
      .parse(await stack.call('sessions.list'))
      .sessions.map(({ key }) => key)
      .filter((key) => key.startsWith('agent:maya:'));
  const accounts = () =>
    z
      .object({ channels: z.object({ telegram: z.looseObject({ accounts: z.object({}).optional() }) }) })
      .parse(JSON.parse(readFileSync(stack.file('openclaw.json'), 'utf8'))).channels.telegram.accounts;

  it('leaves nothing to the next one of its name, nor to the people who wrote to it', async () => {
    const [before] = await rows(`select branch from agents where slug = 'maya'`);
    const { workspace } = worktreeOf(stack.file(), String(before?.branch));
    const diary = join(workspace, 'diary.md');
    writeFileSync(diary, 'what only this Maya knows');
    expect(await sessionKeys()).not.toEqual([]);

    expect(await stack.run('remove', {}, 'maya')).toMatchObject({
      status: 'done',
      result: { agent: 'maya', archived: expect.stringContaining('archive/') },
    });
    expect(await sessionKeys()).toEqual([]);
    expect(JSON.stringify(await stack.call('cron.list'))).not.toContain('ECHO');
    await until(() => expect(accounts() ?? {}).not.toHaveProperty('maya'));
    await until(() => expect(telegram.isPolled).toBe(false));
    expect(await rows('select 1 from pairing_requests')).toEqual([]);
    expect(await rows(`select 1 from secrets where key = 'TELEGRAM_BOT_TOKEN'`)).toEqual([]);
    write('FOXTROT');

    // It needs a token of its own again.
    await provisioned();
    const code = await pendingCode();
    await until(() => expect(texts().at(-1)).toContain(code));
    expect(asked).not.toContain('FOXTROT');
    expect(existsSync(diary)).toBe(false);
    expect(await sessionKeys()).toEqual([]);
  });
});
