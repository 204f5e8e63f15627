import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { HqError } from '@hq/shared/errors';
import { faultOf } from '@hq/shared/gateway';
import type { Log } from '@hq/shared/log';
import { withinLimit } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import type { Route } from './route.ts';

const longestBody = 4 * 1024 * 1024;
/** Milliseconds for which the rest of a stream is read whose answer is known. */
const restMs = 5_000;
/** Bytes that the kernel allows for the path of a Unix socket. */
const longestPath = 107;

export interface ControlServer {
  /** Resolves once no request waits for its answer, or after this time. */
  idle(limitMs: number): Promise<void>;
  /** Takes no more requests and ends those that are open. */
  close(): void;
}

/**
 * Serves the routes on a Unix socket that only this user may use. Call it with the state locked: a socket that a killed
 * gateway left is replaced.
 */
export async function serveControl(path: string, routes: readonly Route[], log: Log): Promise<ControlServer> {
  if (Buffer.byteLength(path) > longestPath) {
    throw new HqError(
      'usage',
      `The path of the control socket is longer than ${longestPath} bytes: ${path}`,
      {
        hint: 'Set CONTROL_SOCKET to a shorter path.',
        field: 'CONTROL_SOCKET',
      },
    );
  }
  await rm(path, { force: true });
  const open = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const answered = serve(routes, log, request, response).finally(() => open.delete(answered));
    open.add(answered);
  });
  await listen(server, path);
  await chmod(path, 0o600);
  return {
    idle: async (limitMs) => {
      await withinLimit(limitMs, Promise.all(open));
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new HqError('failed', `The control socket ${path} cannot be created.`, {
          hint: 'Set CONTROL_SOCKET to a path in a directory that this user may write.',
          cause,
        }),
      ),
    );
    server.listen(path, resolve);
  });
}

async function serve(
  routes: readonly Route[],
  log: Log,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const closed = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) closed.abort(new HqError('cancelled', 'The client closed the request.'));
  });
  try {
    const { route, params, query } = routeOf(routes, request);
    if ('receive' in route) {
      // A refusal in mid-stream ends the reading, and must not end the connection that tells of it.
      const stream = { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
      const received = route.receive({ params, query, signal: closed.signal }, stream);
      sendJson(response, 200, await received.finally(() => readRest(request)));
      return;
    }
    const body = await readBody(request);
    const received = { params, query, body, signal: closed.signal };
    if ('answer' in route) sendJson(response, 200, await route.answer(received));
    else {
      response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
      const emit = (line: object) => void response.write(`${JSON.stringify(line)}\n`);
      emit({ result: await route.stream(received, emit) });
      response.end();
    }
  } catch (error) {
    if (!(error instanceof HqError)) log.error({ err: error, url: request.url }, 'a request failed');
    const { status, body } = faultOf(error);
    // The status of a stream is sent before its first line.
    if (response.headersSent) response.end(`${JSON.stringify(body)}\n`);
    else sendJson(response, status, body);
  }
}

/** Reads what a client still sends: an answer before that would break its connection, and be lost. */
async function readRest(request: IncomingMessage): Promise<void> {
  request.resume();
  // A client that goes away needs no answer.
  await withinLimit(restMs, finished(request)).catch(() => undefined);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

function routeOf(routes: readonly Route[], { method, url = '' }: IncomingMessage) {
  const [path = '', query = ''] = url.split('?');
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match !== null)
      return { route, params: match.slice(1).map(decoded), query: new URLSearchParams(query) };
  }
  throw new HqError('not_found', `The control API has no ${method} ${path}.`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A malformed escape matches no slug.
    return text;
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part);
    length += bytes.length;
    if (length > longestBody) throw new HqError('usage', 'The request is longer than 4 MiB.');
    parts.push(bytes);
  }
  if (length === 0) return undefined;
  const body = parseJson(Buffer.concat(parts).toString());
  if (body === undefined) throw new HqError('usage', 'The body of the request is no JSON.');
  return body;
}
