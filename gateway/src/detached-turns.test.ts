import { createServer } from 'node:http';
import { HqError } from '@hq/shared/errors';
import type { TurnLine, TurnRequest } from '@hq/shared/gateway';
import { freePort } from '@hq/shared/program';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ChatReply, type ModelServer, startModelServer } from './rehearsal/model-server.ts';
import { startReadyGateway } from './testing/ready-gateway.ts';
import {
  createHome,
  killGateway,
  type RunningGateway,
  startLimitMs,
  type TestHome,
} from './testing/running-gateway.ts';

const turnMs = 180_000;
const model = {
  id: 'one',
  name: 'One',
  reasoning: false,
  input: ['text'],
  cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
  contextWindow: 200_000,
  maxTokens: 8_192,
};

let home: TestHome;
let gateway: RunningGateway;
let answering: ModelServer;
let refusing: ReturnType<typeof createServer>;
/** Answers that the model holds back while it is held. */
let held: ((reply: ChatReply) => void)[] = [];
let isHeld = false;
let requests = 0;

beforeAll(async () => {
  answering = await startModelServer(({ messages }) => {
    requests += 1;
    if (messages.every(({ role }) => role !== 'tool')) {
      return { tool: 'exec', arguments: { command: 'echo from the tool' } };
    }
    return isHeld ? new Promise((resolve) => held.push(resolve)) : { text: 'all done' };
  });
  refusing = createServer((_request, response) => {
    const error = { message: 'Incorrect API key provided.', code: 'invalid_api_key' };
    response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => refusing.listen(port, '127.0.0.1', resolve));
  const provider = (baseUrl: string) => ({
    baseUrl,
    apiKey: 'none',
    api: 'openai-completions',
    models: [model],
  });
  home = await createHome({
    models: {
      providers: { test: provider(answering.url), refusing: provider(`http://127.0.0.1:${port}/v1`) },
    },
    agents: { defaults: { model: { primary: 'test/one' } }, entries: { maya: { name: 'Maya' } } },
    tools: { toolSearch: false },
  });
  gateway = await startReadyGateway(home);
}, startLimitMs);
afterAll(async () => {
  killGateway(gateway);
  answering.close();
  refusing.close();
  home.remove();
});
beforeEach(() => {
  isHeld = false;
  held = [];
  requests = 0;
});

const run = (id: string) => ({ runId: `hq:${id}`, sessionKey: `agent:maya:${id}` });
const limit = () => AbortSignal.timeout(turnMs);
const begin = (id: string, signal = limit(), more: Partial<TurnRequest> = {}) => {
  const request = {
    ...run(id),
    agent: 'maya',
    message: 'Work.',
    timeoutSeconds: 150,
    detached: true,
    ...more,
  };
  return home.control.turn(request, () => undefined, signal);
};
const follow = (id: string, lines: TurnLine[] = []) =>
  home.control.followTurn(run(id), (line) => lines.push(line), limit());
const isAsked = () => vi.waitFor(() => expect(held).not.toEqual([]), { timeout: turnMs, interval: 50 });
const restartAfterKill = async () => {
  killGateway(gateway);
  await gateway.exited;
  gateway = await startReadyGateway(home);
};
/** Begins a detached turn and leaves it when the model holds its second answer. */
const beginAndLeave = async (id: string) => {
  isHeld = true;
  const gone = new AbortController();
  const begun = begin(id, gone.signal);
  await isAsked();
  gone.abort(new HqError('cancelled', 'The client goes.'));
  await expect(begun).rejects.toMatchObject({ code: 'cancelled' });
};

describe('a detached turn', { timeout: turnMs }, () => {
  it('goes on without its client, and tells the next one everything', async () => {
    await beginAndLeave('left');
    const lines: TurnLine[] = [];
    const followed = follow('left', lines);
    await vi.waitFor(() => expect(lines).toContainEqual({ tool: { name: 'exec', phase: 'start' } }), 30_000);
    for (const answer of held) answer({ text: 'after all' });
    expect(await followed).toMatchObject({
      state: 'ended',
      result: { status: 'ok', text: 'after all', tools: ['exec'], fault: null },
    });
    expect(await follow('left')).toMatchObject({ state: 'ended', result: { text: 'after all' } });
    expect(requests).toBe(2);
  });

  it('is aborted by its id alone', async () => {
    await beginAndLeave('unwanted');
    expect(await home.control.abortTurn(run('unwanted'), limit())).toBe(true);
    expect(await follow('unwanted')).toMatchObject({
      state: 'ended',
      result: { status: 'aborted', fault: null },
    });
    expect(await home.control.abortTurn(run('unwanted'), limit())).toBe(false);
  });

  it('that nobody began is unknown', async () => {
    expect(await follow('never')).toEqual({ state: 'unknown' });
  });

  it('names the provider where a key is refused, and when to ask again', async () => {
    const refused = { model: 'refusing/one' };
    expect(await begin('refused', limit(), refused)).toMatchObject({ status: 'error', fault: 'provider' });
    expect(await begin('resting', limit(), refused)).toMatchObject({
      fault: 'provider',
      retryAfterSeconds: 60,
    });
  });
});

describe('a turn that a crash cuts off', { timeout: 2 * startLimitMs }, () => {
  it('is resumed by OpenClaw, followed to its end, and done once', async () => {
    await beginAndLeave('cut');
    isHeld = false;
    await restartAfterKill();
    const end = await follow('cut');
    expect(end).toMatchObject({
      state: 'ended',
      result: { status: 'ok', text: 'all done', tools: ['exec'], fault: null },
    });
    expect(end.state === 'ended' && (end.result.usage?.costUsd ?? 0) > 0).toBe(true);
    expect(requests).toBe(3);
  });

  it('is aborted before or while OpenClaw resumes it; one that ended before says how', async () => {
    expect(await begin('early')).toMatchObject({ status: 'ok' });
    await beginAndLeave('dropped');
    await restartAfterKill();
    expect(await home.control.abortTurn(run('dropped'), limit())).toBe(true);
    expect(await follow('dropped')).toMatchObject({ state: 'ended', result: { status: 'aborted' } });
    expect(await follow('early')).toMatchObject({
      state: 'ended',
      result: { status: 'ok', text: 'all done', runId: 'hq:early', tools: ['exec'] },
    });
    // The abort may come while the resumed run asks the model for the first time.
    expect(requests).toBeLessThanOrEqual(5);
  });
});
