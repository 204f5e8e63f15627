import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { codeOf, HqError } from '@hq/shared/errors';

export interface ApiServerOptions {
  /** 0 chooses a free port. */
  readonly port: number;
  /** Returns true for a request with a key. Other bodies are not read, so that they cost no memory. */
  readonly isKnown: (request: IncomingMessage) => boolean;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

const maxBodyBytes = 16 * 1024 * 1024;
/** Fits the URL of a long `id=in.(…)` filter: a thousand uuids are 37 kB. */
const maxHeaderBytes = 256 * 1024;

/** The first is computed again; the second repeats the URL, which may be longer than a client's header limit. */
const omittedHeaders = ['content-length', 'content-location'];

/** Serves on 127.0.0.1 only. */
export async function serveApi({ port, isKnown, fetch, upgrade }: ApiServerOptions) {
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      keepAliveTimeout: 75_000,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
    },
    (incoming, outgoing) => {
      // A response that cannot be written ends this connection only.
      respond(incoming, outgoing, { isKnown, fetch }).catch(() => outgoing.destroy());
    },
  );
  server.on('upgrade', upgrade);
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

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { isKnown, fetch }: Pick<ApiServerOptions, 'isKnown' | 'fetch'>,
): Promise<void> {
  let response: Response;
  try {
    const body = isKnown(incoming) ? await bodyOf(incoming) : undefined;
    response =
      body === 'too large'
        ? Response.json({ message: `A request may contain ${maxBodyBytes} bytes at most.` }, { status: 413 })
        : await fetch(toRequest(incoming, body));
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

async function bodyOf(incoming: IncomingMessage): Promise<Buffer | undefined | 'too large'> {
  if (incoming.method === 'GET' || incoming.method === 'HEAD') return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > maxBodyBytes) return 'too large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
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
