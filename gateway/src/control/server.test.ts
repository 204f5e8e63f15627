import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { HqError } from '@hq/shared/errors';
import { createLog } from '@hq/shared/log';
import { sleep } from '@hq/shared/program';
import { createRedactor } from '@hq/shared/text';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlServer, serveControl } from './server.ts';

const directory = mkdtempSync(join(tmpdir(), 'hq-control-'));
const socketPath = join(directory, 'control.sock');
let server: ControlServer;

/** Reads only the first part of a stream. */
async function readFirst(stream: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const part of stream) return Buffer.from(part).toString();
  return '';
}

beforeAll(async () => {
  server = await serveControl(
    socketPath,
    [
      {
        method: 'PUT',
        path: /^\/taken$/,
        receive: async (_, stream) => ({ first: await readFirst(stream) }),
      },
      {
        method: 'PUT',
        path: /^\/refused$/,
        receive: async (_, stream) => {
          throw new HqError('usage', `It refuses ${await readFirst(stream)}.`);
        },
      },
    ],
    createLog('fatal', createRedactor([])),
  );
});
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

it.each([
  ['/taken', '200 OK', '{"first":"one"}'],
  ['/refused', '400 Bad Request', 'It refuses one.'],
])(
  'a client of %s that still sends gets its answer after that, and its connection is not broken',
  async (path, status, answer) => {
    const client = connect(socketPath);
    const answered = text(client);
    let hasAnswer = false;
    client.once('data', () => {
      hasAnswer = true;
    });
    client.write(
      `PUT ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n`,
    );
    await sleep(300);
    expect(hasAnswer).toBe(false);
    client.write('4\r\nmore\r\n0\r\n\r\n');
    expect(await answered).toMatch(new RegExp(`^HTTP/1.1 ${status}[^]*${answer}`));
  },
);
