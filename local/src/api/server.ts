import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { codeOf, HqError } from '@hq/shared/errors';
import { boundedServer, RecentSockets } from '@hq/shared/program';
import { addressFault, bodyFault, type RequestLimits } from './request-limits.ts';
import { Turns } from './turns.ts';

export interface ApiServerOptions {
  /** 0 chooses a free port. */
  readonly port: number;
  readonly limitsOf: (request: IncomingMessage) => Promise<RequestLimits>;
  /** `isGone` says whether the client has left meanwhile. */
  readonly fetch: (request: Request, isGone: () => boolean) => Promise<Response>;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** Fits the URL of a long `id=in.(…)` filter: a thousand uuids are 37 kB. */
const maxHeaderBytes = 256 * 1024;

/** Connections of strangers and of the anon key. Each may hold the longest headers in memory. */
const mostConnections = 300;
const mostOfMembers = 1_000;

/** The first is computed again; the second repeats the URL, which may be longer than a client's header limit. */
const omittedHeaders = ['content-length', 'content-location'];

/** Serves on 127.0.0.1 only. */
export async function serveApi({ port, limitsOf, fetch, upgrade }: ApiServerOptions) {
  const turns = new Turns();
  const members = new RecentSockets(mostOfMembers);
  const { server, exempt } = boundedServer({
    server: {
      maxHeaderSize: maxHeaderBytes,
      keepAliveTimeout: 75_000,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
    },
    mostConnections,
    handle(incoming, outgoing) {
      const serve: Serve = async (limits, body) => {
        const { caller } = limits;
        if (caller !== 'anon') exempt(incoming.socket, caller === 'member' ? members : undefined);
        if (caller !== 'service') await turns.next();
        return fetch(toRequest(incoming, body), () => outgoing.destroyed);
      };
      // A response that cannot be written ends this connection only.
      respond(incoming, outgoing, limitsOf, serve).catch(() => outgoing.destroy());
    },
    upgrade(request, socket, head) {
      // Realtime has its own bounds.
      exempt(socket);
      upgrade(request, socket, head);
    },
  });
  await listen(server, port);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new HqError('failed', 'The API has no port.');
  return {
    port: address.port,
    /** Accepts no more requests, lets current ones finish within the bound, then closes every socket. */
    close: (boundMs = 2_000): Promise<void> =>
      new Promise((resolve) => {
        const force = setTimeout(() => server.closeAllConnections(), boundMs);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port }, resolve);
    });
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'EADDRINUSE') {
      throw new HqError('conflict', `Port ${port} is in use by another program.`, {
        hint: 'Choose another with --port, or omit --port to use a free one.',
        cause,
      });
    }
    if (code === 'EACCES') {
      throw new HqError('refused', `This user may not open port ${port}.`, {
        hint: 'Choose one above 1023 with --port.',
        cause,
      });
    }
    throw cause;
  }
}

type Serve = (limits: RequestLimits, body: Buffer | undefined) => Promise<Response>;

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  limitsOf: ApiServerOptions['limitsOf'],
  serve: Serve,
): Promise<void> {
  let response: Response;
  try {
    const limits = await limitsOf(incoming);
    const tooLong = addressFault(incoming.url ?? '/', limits);
    const body = tooLong === null ? await bodyOf(incoming, limits) : undefined;
    if (tooLong !== null) response = Response.json({ message: tooLong }, { status: 414 });
    else if (typeof body === 'string') response = Response.json({ message: body }, { status: 413 });
    else response = await serve(limits, body);
  } catch {
    // A client that broke off reads no response; any other gets a server error.
    response = Response.json({ message: 'The request could not be served.' }, { status: 500 });
  }
  const payload = Buffer.from(await response.arrayBuffer());
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (!omittedHeaders.includes(name)) outgoing.setHeader(name, value);
  }
  if (!incoming.complete) outgoing.setHeader('Connection', 'close');
  if (response.status !== 204 && response.status !== 304)
    outgoing.setHeader('Content-Length', payload.length);
  outgoing.end(payload);
}

/** Returns the body, or the reason why it is not read. */
async function bodyOf(
  incoming: IncomingMessage,
  limits: RequestLimits,
): Promise<Buffer | undefined | string> {
  const { bodyBytes } = limits;
  if (incoming.method === 'GET' || incoming.method === 'HEAD' || bodyBytes === 0) return undefined;
  const tooLarge = `A request may contain ${bodyBytes} bytes at most.`;
  if (Number(incoming.headers['content-length'] ?? 0) > bodyBytes) return tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > bodyBytes) return tooLarge;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  return bodyFault(body, limits) ?? body;
}

function toRequest(incoming: IncomingMessage, body: Buffer | undefined): Request {
  const headers = new Headers();
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    headers.append(incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? '');
  }
  return new Request(new URL(incoming.url ?? '/', 'http://127.0.0.1'), {
    method: incoming.method ?? 'GET',
    headers,
    ...(body && { body: new Uint8Array(body) }),
  });
}
