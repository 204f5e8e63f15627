import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestStack, type TestStack } from '../../testing/stack.ts';

// A request that is not bounded takes minutes, and the client's own work for a large one is in this process too.
vi.setConfig({ testTimeout: 120_000 });
const longestStallMs = 5_000;

let stack: TestStack;
let token: string;
beforeAll(async () => {
  stack = await startTestStack();
  const viewer = await stack.clientOf(await stack.createMember('viewer'));
  token = (await viewer.auth.getSession()).data.session?.access_token ?? '';
});
afterAll(() => stack?.close());

async function send(
  path: string,
  authorization: string,
  body?: string | Buffer,
): Promise<{ status: number; message: unknown }> {
  const answer = await fetch(`${stack.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      apikey: stack.anonKey,
      authorization: `Bearer ${authorization}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.status, message: JSON.parse(await answer.text()).message };
}

/** Returns the longest time in which this process, and so the API in it, did nothing else. */
async function longestStall(work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    const before = performance.now();
    await sleep(5);
    longest = Math.max(longest, performance.now() - before);
  }
  await done;
  return longest;
}

const rows = (count: number) => `[${Array.from({ length: count }, () => '{"action":"ping"}').join()}]`;
const nested = (count: number) => `${'(and'.repeat(count)}(id.eq.1${')'.repeat(count + 1)}`;

describe('a request with the anon key alone, or of a member', () => {
  it.each([
    ['many columns', `/rest/v1/gateways?select=${'id,'.repeat(60_000)}id`],
    ['many orders', `/rest/v1/gateways?order=${'id,'.repeat(60_000)}id`],
    ['nested conditions', `/rest/v1/gateways?or=${nested(20_000)}`],
    ['many conditions', `/rest/v1/gateways?or=(${'id.eq.1,'.repeat(20_000)}id.eq.1)`],
    ['many values', `/rest/v1/gateways?slug=in.(${'a,'.repeat(60_000)}a)`],
    ['many parameters', `/rest/v1/gateways?${'id=eq.1&'.repeat(20_000)}id=eq.1`],
    ['many arrows', `/rest/v1/gateways?select=${'meta->'.repeat(30_000)}a`],
  ])('is refused with %s, and keeps the API from nothing', async (_what, path) => {
    const answers: unknown[] = [];
    const stall = await longestStall(
      Promise.all([stack.anonKey, token].map(async (who) => answers.push((await send(path, who)).status))),
    );
    expect(answers).toEqual([414, 414]);
    expect(stall).toBeLessThan(longestStallMs);
  });

  it.each([
    ['the largest list of columns', `/rest/v1/gateways?select=${'id,'.repeat(670)}id`],
    ['the largest list of orders', `/rest/v1/gateways?order=${'id,'.repeat(670)}id`],
    ['the deepest conditions', `/rest/v1/gateways?or=${nested(400)}`],
    ['the longest list of values', `/rest/v1/gateways?slug=in.(${'a,'.repeat(8_000)}a)`],
  ])('with %s that is allowed does not keep the API busy', async (_what, path) => {
    const asked = Promise.all(Array.from({ length: 16 }, () => send(path, token)));
    expect(await longestStall(asked)).toBeLessThan(longestStallMs);
    expect((await asked).filter(({ status }) => status === 414)).toEqual([]);
  });

  it('is refused with a large body before it is parsed, 16 at once too, and the runner works on', async () => {
    const body = Buffer.from(rows(400_000));
    const attack = [stack.anonKey, token].flatMap((who) =>
      Array.from({ length: 8 }, () =>
        // The connection may be closed before all of the body has been sent.
        send('/rest/v1/agent_commands', who, body).catch(() => ({ status: 413 })),
      ),
    );
    const service = await stack.clientOf('service');
    const work = Array.from({ length: 10 }, () => service.from('gateways').select('id').throwOnError());
    expect(await longestStall(Promise.all([...attack, ...work]))).toBeLessThan(longestStallMs);
    expect(new Set((await Promise.all(attack)).map(({ status }) => status))).toEqual(new Set([413]));
  });

  it.each([
    ['the anon key', 11, () => stack.anonKey, 'A request may write 10 rows at most.'],
    ['a member', 1001, () => token, 'A request may write 1000 rows at most.'],
  ])('of %s may write a bounded number of rows', async (_who, count, who, message) => {
    expect(await send('/rest/v1/agent_commands', who(), rows(count))).toEqual({ status: 413, message });
    expect((await send('/rest/v1/agent_commands', who(), rows(count - 1))).status).not.toBe(413);
  });

  it('of a member may store the largest secret', async () => {
    const body = JSON.stringify({ p_value: 'x'.repeat(100 * 1024) });
    expect((await send('/rest/v1/rpc/set_secret', token, body)).status).not.toBe(413);
  });

  it('gets no more room by a token that is forged, expired or of the anon key', async () => {
    const body = rows(2_000);
    for (const who of [stack.anonKey, 'forged', `${token}x`]) {
      expect((await send('/rest/v1/agent_commands', who, body)).status).toBe(413);
    }
  });
});

describe('the service role', () => {
  it('may write many rows, and ask with a long address', async () => {
    const service = await stack.clientOf('service');
    const gateway = await stack.database.addGateway('busy');
    const ping = { action: 'ping' as const, gateway_id: gateway };
    await service
      .from('agent_commands')
      .insert(Array.from({ length: 1_100 }, () => ping))
      .throwOnError();
    const ids = Array.from({ length: 1000 }, () => crypto.randomUUID());
    expect((await service.from('gateways').select().in('id', ids)).status).toBe(200);
  });
});
