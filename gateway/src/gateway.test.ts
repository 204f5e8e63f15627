import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { HqError } from '@hq/shared/errors';
import type { TurnLine, TurnResult } from '@hq/shared/gateway';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type ChatReply, type ModelServer, startModelServer } from './rehearsal/model-server.ts';
import { startReadyGateway } from './testing/ready-gateway.ts';
import {
  createHome,
  killGateway,
  type RunningGateway,
  startGateway,
  startLimitMs,
  type TestHome,
} from './testing/running-gateway.ts';

const turnLimitMs = 120_000;

let home: TestHome;
let gateway: RunningGateway;
let model: ModelServer;
/** Requests of the model that wait for an answer. */
let waiting: ((reply: ChatReply) => void)[] = [];

/** Last order of a test. OpenClaw puts a time before it, and messages of its own behind it. */
const orderIn = (texts: readonly string[]) =>
  texts.flatMap((text) => /\b(SAY|WAIT|RUN)\b/.exec(text)?.[1] ?? []).at(-1);

beforeAll(async () => {
  model = await startModelServer(({ messages }) => {
    const order = orderIn(messages.filter(({ role }) => role === 'user').map(({ text }) => text));
    const result = messages.findLast(({ role }) => role === 'tool');
    if (order === 'WAIT') return new Promise((resolve) => waiting.push(resolve));
    if (order !== 'RUN') return { text: 'one two three' };
    if (result === undefined) return { tool: 'exec', arguments: { command: 'echo from the tool' } };
    return { text: `it said: ${result.text}` };
  });
  home = await createHome({
    models: {
      providers: {
        test: {
          baseUrl: model.url,
          apiKey: 'none',
          api: 'openai-completions',
          models: [
            {
              id: 'one',
              name: 'One',
              reasoning: false,
              input: ['text'],
              cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
              contextWindow: 200_000,
              maxTokens: 8_192,
            },
          ],
        },
      },
    },
    agents: { defaults: { model: { primary: 'test/one' } }, entries: { maya: { name: 'Maya' } } },
    tools: { toolSearch: false },
  });
  gateway = await startReadyGateway(home);
}, startLimitMs);
afterAll(async () => {
  killGateway(gateway);
  model.close();
  home.remove();
});

const agentCall = z.looseObject({ p_token: z.string(), p_operation: z.string() });

let runs = 0;
const turn = (
  message: string,
  {
    timeoutSeconds = 100,
    signal = AbortSignal.timeout(turnLimitMs),
    lines = [] as TurnLine[],
    sessionKey = '',
  } = {},
): Promise<TurnResult> => {
  runs += 1;
  const request = { agent: 'maya', message, runId: `test:${runs}`, timeoutSeconds };
  return home.control.turn(
    sessionKey === '' ? request : { ...request, sessionKey },
    (line) => lines.push(line),
    signal,
  );
};
const modelIsAsked = () =>
  vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0), { timeout: turnLimitMs, interval: 50 });
const answerAll = () => {
  for (const answer of waiting) answer({ text: 'late' });
  waiting = [];
};

describe('hq-gateway with the real OpenClaw', () => {
  it('answers for its state, and lets only its user ask', async () => {
    expect(await home.control.status(AbortSignal.timeout(5_000))).toMatchObject({
      ready: true,
      version: '2026.9.6',
      doing: null,
      missing: [],
      rehearsal: false,
    });
    for (const file of ['hq/control.sock', 'openclaw.json', 'gateway-token', 'hq/lock.sqlite']) {
      expect(statSync(home.file(file)).mode & 0o777, file).toBe(0o600);
    }
    for (const directory of ['', 'hq', 'hq/agents']) {
      expect(statSync(home.file(directory)).mode & 0o777, directory).toBe(0o700);
    }
  });

  it('runs OpenClaw as its only child, in one process without a key of HQ', () => {
    const pid = readFileSync(home.file('hq', 'openclaw.pid'), 'utf8');
    const children = readFileSync(`/proc/${gateway.pid}/task/${gateway.pid}/children`, 'utf8');
    expect(children.trim()).toBe(pid);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('openclaw');
  });

  it('calls OpenClaw, and gives a refusal as an answer', async () => {
    const answers = await home.control.calls(
      [{ method: 'agents.list' }, { method: 'no.such.method' }, { method: 'cron.list' }],
      AbortSignal.timeout(30_000),
    );
    expect(answers).toMatchObject([
      { ok: true, payload: { agents: [{ id: 'maya' }] } },
      { ok: false, code: 'INVALID_REQUEST' },
      { ok: true, payload: { jobs: [] } },
    ]);
  });

  it('refuses a request that it cannot use, with the field', async () => {
    const wrong = home.control.turn(
      { agent: 'No Slug', message: 'SAY', runId: 'r', timeoutSeconds: 1 },
      () => undefined,
      AbortSignal.timeout(5_000),
    );
    await expect(wrong).rejects.toMatchObject({ code: 'usage', field: 'agent' });
    const unknown = home.control.turn(
      { agent: 'nobody', message: 'SAY', runId: 'r', timeoutSeconds: 1 },
      () => undefined,
      AbortSignal.timeout(30_000),
    );
    await expect(unknown).rejects.toMatchObject({ code: 'not_found', hint: 'It has maya.' });
    await expect(turn('SAY', { sessionKey: 'agent:other:main' })).rejects.toMatchObject({
      code: 'usage',
      field: 'sessionKey',
    });
  });

  it('runs a turn with its text while it comes, tools, usage and cost', {
    timeout: turnLimitMs,
  }, async () => {
    const lines: TurnLine[] = [];
    const result = await turn('RUN', { lines });
    expect(result).toMatchObject({
      status: 'ok',
      text: expect.stringContaining('it said: from the tool'),
      tools: ['exec'],
      sessionKey: 'agent:maya:hq',
      runId: `test:${runs}`,
      usage: { input: expect.any(Number), output: expect.any(Number), costUsd: expect.any(Number) },
    });
    expect(result.usage?.costUsd).toBeGreaterThan(0);
    expect(lines).toContainEqual({ tool: { name: 'exec', phase: 'start' } });
    expect(lines).toContainEqual({ tool: { name: 'exec', phase: 'end', failed: false } });
    const text = lines.flatMap((line) => ('text' in line ? [line.text] : [])).join('');
    expect(text).toContain('it said: from the tool');
  });

  it('runs no second turn for the same run, and returns the end of the first', {
    timeout: turnLimitMs,
  }, async () => {
    const request = { agent: 'maya', message: 'SAY', runId: 'twice', timeoutSeconds: 60 };
    const signal = AbortSignal.timeout(turnLimitMs);
    const [one, other] = await Promise.all(
      [1, 2].map(() => home.control.turn(request, () => undefined, signal)),
    );
    expect([one?.status, other?.status]).toEqual(['ok', 'ok']);
    expect([one?.text, other?.text]).toEqual(['one two three', 'one two three']);
  });

  it('aborts the turn of a client that goes away', { timeout: turnLimitMs }, async () => {
    const gone = new AbortController();
    const running = turn('WAIT', { signal: gone.signal });
    await modelIsAsked();
    gone.abort(new HqError('cancelled', 'enough'));
    await expect(running).rejects.toMatchObject({ code: 'cancelled', message: 'enough' });
    await vi.waitFor(
      async () => {
        const params = { key: 'agent:maya:hq' };
        const [session] = await home.control.calls(
          [{ method: 'sessions.describe', params }],
          AbortSignal.timeout(30_000),
        );
        expect(session).toMatchObject({ ok: true, payload: { session: { status: 'killed' } } });
      },
      { timeout: 60_000, interval: 200 },
    );
    answerAll();
  });

  it('ends a turn at its time limit, whatever the model does', { timeout: turnLimitMs }, async () => {
    const result = await turn('WAIT', { timeoutSeconds: 3 });
    expect(result.status).toBe('timeout');
    expect(result.tookMs).toBeLessThan(60_000);
    answerAll();
  });

  it('is refused for a state that another hq-gateway uses', { timeout: 60_000 }, async () => {
    const second = startGateway(home);
    expect(await second.exited).toBe(3);
    expect(second.log().at(-1)).toMatchObject({
      msg: expect.stringContaining(
        `Another hq-gateway uses the state in ${home.state}. It is process ${gateway.pid}`,
      ),
    });
    expect((await home.control.status(AbortSignal.timeout(5_000))).ready).toBe(true);
  });
});

describe('hq-gateway that is asked to stop', () => {
  it('aborts a turn that does not end in time, gives back items, and ends OpenClaw', {
    timeout: startLimitMs,
  }, async () => {
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    const released: unknown[] = [];
    const answers: Readonly<Record<string, object>> = {
      budget: { allowed: true, reason: null, status: 'ok', limit_usd: null, spent_usd: 0 },
      release_items: { released: 2 },
    };
    const api = createServer(async (request, response) => {
      const { apikey } = request.headers;
      const body = agentCall.parse(await json(request));
      if (body.p_operation === 'release_items') released.push({ url: request.url, apikey, body });
      const answer = answers[body.p_operation] ?? { code: '22023', message: 'no such operation' };
      const status = Object.hasOwn(answers, body.p_operation) ? 200 : 400;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    }).listen(0, '127.0.0.1');
    await once(api, 'listening');
    const address = api.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const record = { agentId: crypto.randomUUID(), slug: 'maya', branch: 'maya', token: 'a'.repeat(64) };
    writeFileSync(home.file('hq', 'agents', 'maya.json'), JSON.stringify({ ...record, allowedHosts: [] }));
    gateway = await startReadyGateway(home, {
      TURN_GRACE: '1',
      SUPABASE_URL: `http://127.0.0.1:${port}`,
      SUPABASE_ANON_KEY: 'the public key',
    });
    expect((await home.control.status(AbortSignal.timeout(5_000))).agents).toEqual(['maya']);
    const running = turn('WAIT', { sessionKey: 'agent:maya:other' });
    await modelIsAsked();
    gateway.child.kill('SIGTERM');
    await vi.waitFor(() => expect(gateway.output()).toContain('"msg":"stopping"'), { timeout: 60_000 });
    await expect(turn('SAY')).rejects.toMatchObject({ code: 'unreachable' });
    expect(await running).toMatchObject({ status: 'aborted' });
    expect(await gateway.exited).toBe(0);
    api.close();
    expect(released).toEqual([
      {
        url: '/rest/v1/rpc/agent_call',
        apikey: 'the public key',
        body: { p_token: record.token, p_operation: 'release_items', p_arguments: {} },
      },
    ]);
    const messages = gateway.log().map(({ msg }) => msg);
    expect(messages).toContain('aborted turns that had not ended');
    expect(messages).toContain('gave back the items it had taken');
    expect(gateway.output()).not.toContain(record.token);
    expect(gateway.output()).not.toContain(readFileSync(home.file('gateway-token'), 'utf8'));
    answerAll();
  });
});
