import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestStack, type TestStack } from '../../testing/stack.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let stack: TestStack;
const sockets: Socket[] = [];
beforeAll(async () => {
  stack = await startTestStack();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => stack?.close());

/** Opens a web socket of which this test writes the bytes. It reads nothing after the handshake. */
async function openRaw(): Promise<Socket> {
  const socket = connect(stack.port, '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  const path = `/realtime/v1/websocket?apikey=${stack.anonKey}&vsn=2.0.0`;
  const headers = [
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
  ];
  socket.write(
    `GET ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  return socket;
}

/** Text frame of one character, with a mask of zeros. */
const frame = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x31]);

describe('a socket with the anon key alone', () => {
  it('cannot keep the API from others by many small messages', async () => {
    const flood = Buffer.concat(Array.from({ length: 60_000 }, () => frame));
    for (let at = 0; at < 20; at += 1) (await openRaw()).write(flood);
    const beganAt = performance.now();
    for (let at = 0; at < 5; at += 1) {
      const answer = await fetch(`${stack.url}/auth/v1/health`, { headers: { apikey: stack.anonKey } });
      expect(answer.status).toBe(200);
    }
    // More than a million messages take far longer.
    expect(performance.now() - beganAt).toBeLessThan(5_000);
  });
});
