import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { decodeFiles, faultOf, type StreamedFile } from '@hq/shared/gateway';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControlConnection } from './control-connection.ts';

let directory: string;
let socket: string;
let server: Server;
let received: StreamedFile[];
let refusal: HqError | null;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hq-control-'));
  socket = join(directory, 'control.sock');
  received = [];
  refusal = null;
  server = createServer(async (request, response) => {
    try {
      if (request.method === 'PUT') {
        for await (const file of decodeFiles(request)) {
          received.push(file);
          if (refusal !== null) throw refusal;
        }
        response.end(JSON.stringify({ files: received.length, bytes: 0 }));
      } else response.end('{}');
    } catch (error) {
      const { status, body } = faultOf(error);
      response.writeHead(status).end(JSON.stringify(body));
    }
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

async function* files(count: number, size: number): AsyncGenerator<StreamedFile> {
  for (let at = 0; at < count; at += 1)
    yield { path: `f${at}`, mode: '100644', content: Buffer.alloc(size, at) };
}

describe('the connection to a gateway', () => {
  it('sends files', async () => {
    const control = new ControlConnection({ socket });
    await control.check();
    expect(await control.sendFiles('i1', files(3, 200_000))).toMatchObject({ files: 3 });
    expect(received.map(({ content }) => content.length)).toEqual([200_000, 200_000, 200_000]);
  });

  it('passes on a refusal that comes before the stream is over', async () => {
    refusal = new HqError('usage', 'The path is none.', { field: 'path' });
    const sent = new ControlConnection({ socket }).sendFiles('i1', files(200, 1_000_000));
    await expect(sent).rejects.toMatchObject({ code: 'usage', field: 'path' });
  });

  it('fails with a file that cannot be read, and with a gateway that is not there', async () => {
    const broken = async function* (): AsyncGenerator<StreamedFile> {
      yield* files(1, 10);
      throw new HqError('failed', 'a file cannot be read');
    };
    await expect(new ControlConnection({ socket }).sendFiles('i1', broken())).rejects.toThrow(
      /cannot be read/,
    );
    const nowhere = new ControlConnection({ socket: join(directory, 'none.sock') });
    await expect(nowhere.check()).rejects.toMatchObject({ code: 'unreachable' });
    const noContainer = new ControlConnection({ container: 'hq-has-no-such-container' });
    await expect(noContainer.check()).rejects.toMatchObject({ code: 'unreachable' });
  });
});
