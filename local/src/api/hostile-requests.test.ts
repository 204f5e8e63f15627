import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../../testing/stack.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let stack: TestStack;
let token: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  stack = await startTestStack();
  await stack.database.query(`
    create function public.large(p_bytes int) returns text language sql as 'select repeat(''x'', p_bytes)';
    create function public.slow() returns boolean language sql volatile as 'select pg_sleep(1) is not null';
    notify pgrst, 'reload schema';
  `);
  const service = await stack.clientOf('service');
  await eventually(async () => expect((await service.rpc('large', { p_bytes: 1 })).data).toBe('x'));
  const viewer = await stack.clientOf(await stack.createMember('viewer'));
  token = (await viewer.auth.getSession()).data.session?.access_token ?? '';
});
afterAll(() => stack?.close());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function post(path: string, body: string, authorization = token, signal?: AbortSignal) {
  const answer = await fetch(`${stack.url}${path}`, {
    method: 'POST',
    headers: {
      apikey: stack.anonKey,
      authorization: `Bearer ${authorization}`,
      'content-type': 'application/json',
    },
    body,
    ...(signal && { signal }),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

async function open(): Promise<Socket> {
  const socket = connect(stack.port, '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

describe('a member', () => {
  it('gets no answer that is larger than 8 MiB, and the next one as ever', async () => {
    const large = (bytes: number, who?: string) =>
      post('/rest/v1/rpc/large', JSON.stringify({ p_bytes: bytes }), who);
    expect((await large(8_000_000)).status).toBe(200);
    expect(await large(9_000_000)).toMatchObject({
      status: 413,
      body: { code: '54000', hint: 'Ask for fewer rows or columns.' },
    });
    expect((await large(2_000_000, stack.anonKey)).status).toBe(413);
    expect((await large(9_000_000, stack.serviceRoleKey)).status).toBe(200);
    expect((await large(1)).body).toBe('x');
  });

  it('waits for none of the requests that they gave up', async () => {
    const left = new AbortController();
    const asked = Array.from({ length: 60 }, () =>
      post('/rest/v1/rpc/slow', '{}', token, left.signal).catch(() => null),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    left.abort();
    await Promise.all(asked);
    const beganAt = performance.now();
    expect((await post('/rest/v1/rpc/large', '{"p_bytes":1}')).status).toBe(200);
    // Sixty at four a second would take fifteen seconds.
    expect(performance.now() - beganAt).toBeLessThan(8_000);
  });

  it.each(['[', '{"a":'])('cannot nest a body of %s deeply', async (bracket) => {
    const body = `{"p_bytes":${bracket.repeat(20_000)}1${(bracket === '[' ? ']' : '}').repeat(20_000)}}`;
    expect(await post('/rest/v1/rpc/large', body)).toMatchObject({
      status: 413,
      body: { message: 'A body may have 200 levels of lists and objects at most.' },
    });
    const quoted = `{"p_bytes":1,"p_text":"${'['.repeat(500)}\\"${'{'.repeat(500)}"}`;
    expect((await post('/rest/v1/rpc/large', quoted)).status).toBe(404);
  });
});

describe('a malformed request', () => {
  it.each([
    ['/auth/v1/token?grant_type=password', 'null', 'bad_json'],
    ['/auth/v1/token?grant_type=refresh_token', '[1', 'bad_json'],
    ['/rest/v1/rpc/%E0%A4%A', '{}', 'bad_request'],
  ])('to %s with %s is the fault of its sender', async (path, body, code) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject(code === 'bad_json' ? { error_code: code } : { code });
  });
});

describe('whoever has no key', () => {
  it('has one request at a time on a connection', async () => {
    const socket = await open();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(2_000));
    await closed;
    const [another] = await Promise.all([open()]);
    let text = '';
    another.on('data', (bytes) => {
      text += String(bytes);
    });
    for (const count of [1, 2]) {
      another.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await eventually(() => expect(text.match(/HTTP\/1\.1 404/g)).toHaveLength(count));
    }
  });

  it('keeps neither a member nor a newcomer out by connections that say nothing', async () => {
    expect((await post('/rest/v1/rpc/large', '{"p_bytes":1}')).status).toBe(200);
    const first = await open();
    const closed = new Promise((resolve) => first.once('close', resolve));
    for (let at = 0; at < 300; at += 1) (await open()).write('GET / HTTP/1.1\r\nHost: ');
    await closed;
    expect((await post('/rest/v1/rpc/large', '{"p_bytes":1}')).status).toBe(200);
    expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(300);
  });
});
