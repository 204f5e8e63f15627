import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HqError } from '@hq/shared/errors';
import { createRedactor } from '@hq/shared/text';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDockerStack } from './docker-stack.ts';

let folder: string;
let socket: string;
let server: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hq-engine-'));
  await chmod(folder, 0o755);
  socket = join(folder, 'docker.sock');
});

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

async function listen(answer: Parameters<typeof createServer>[1]): Promise<void> {
  const listening = createServer(answer);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(socket, resolve));
}

async function failure(dockerHost: string, signal = AbortSignal.timeout(10_000)): Promise<unknown> {
  const stack = await openDockerStack({
    project: 'hq',
    redactor: createRedactor([]),
    controlSocket: '/nowhere',
    dockerHost,
  });
  return stack.services(signal).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('an engine that cannot be used', () => {
  test('is reported when its socket is missing', async () => {
    const error = await failure(`unix://${socket}`);
    expect(error).toBeInstanceOf(HqError);
    expect(error).toMatchObject({ code: 'unreachable', message: `There is no Docker engine at ${socket}.` });
  });

  test('is reported when nothing listens', async () => {
    // A listener that is killed leaves its socket file behind.
    const script = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await promisify(execFile)(process.execPath, ['--eval', script]).catch(() => undefined);
    const error = await failure(`unix://${socket}`);
    expect(error).toMatchObject({
      code: 'unreachable',
      message: `No Docker engine answers at ${socket}.`,
      hint: expect.stringContaining('systemctl start docker'),
    });
  });

  test('is reported with the group that may open the socket', async () => {
    await listen((_request, response) => response.end('[]'));
    // Not even its owner may, should the owner be the one who runs this test.
    await chmod(socket, 0);
    const asker = fileURLToPath(new URL('testing/ask-unprivileged.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [asker, `unix://${socket}`]);
    expect(JSON.parse(stdout)).toEqual({
      code: 'unreachable',
      message: `The runner may not use the Docker engine’s socket ${socket}.`,
      hint: expect.stringContaining('DOCKER_GID'),
    });
  });

  test('passes on the message of the engine', async () => {
    await listen((_request, response) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end('{"message": "no space left on device"}');
    });
    expect(await failure(`unix://${socket}`)).toMatchObject({
      code: 'failed',
      message: 'The Docker engine could not do it: no space left on device',
    });
  });

  test('is reported when a proxy denies the request', async () => {
    await listen((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end('{"message": "blocked by policy"}');
    });
    expect(await failure(`unix://${socket}`)).toMatchObject({
      code: 'refused',
      message: 'The Docker engine does not allow this: blocked by policy',
    });
  });

  test('is reported when the server is no Docker engine', async () => {
    await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"hello": "there"}');
    });
    expect(await failure(`unix://${socket}`)).toMatchObject({
      code: 'failed',
      message: 'This runner cannot parse the answer of the Docker engine.',
    });
  });

  test('stops waiting for a silent engine when the signal is aborted', async () => {
    const limit = new AbortController();
    await listen(() => limit.abort(new HqError('cancelled', 'Someone cancelled it.')));
    expect(await failure(`unix://${socket}`, limit.signal)).toBe(limit.signal.reason);
  });

  test('stops waiting for an engine that breaks off a response when the signal is aborted', async () => {
    const limit = new AbortController();
    await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('[{"Id": ', () => {
        response.socket?.destroySoon();
        setImmediate(() => limit.abort(new HqError('timed_out', 'It took too long.')));
      });
    });
    expect(await failure(`unix://${socket}`, limit.signal)).toBe(limit.signal.reason);
  });
});
