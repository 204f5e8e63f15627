import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { HqError } from '@hq/shared/errors';
import type { Logger } from 'pino';
import type { ListenAddress } from './environment.ts';

/** No platform sends more in one request. */
const maxBodyBytes = 1024 * 1024;
const maxConnections = 200;
const requestWithinMs = 10_000;
/** A close cuts connections that are still open after this time. */
const closeWithinMs = 5_000;

export interface HttpRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Null if the body is too long; rejects if it is incomplete. */
  body(): Promise<Buffer | null>;
  /** False if the sender has gone. */
  isOpen(): boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly json?: unknown;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves requests on one address; a proxy in front ends TLS. Rejects with an `HqError` that names the variable if the
 * address is taken. A request whose `handle` rejects, such as for invalid JSON, is answered with 400.
 */
export async function serveHttp(
  { host, port, field }: ListenAddress,
  handle: (request: HttpRequest) => Promise<HttpResponse>,
  log: Logger,
): Promise<HttpServer> {
  const server = createServer(
    {
      requestTimeout: requestWithinMs,
      headersTimeout: requestWithinMs / 2,
      connectionsCheckingInterval: 1_000,
    },
    async (request, response) => {
      const answer = await handle({
        method: request.method ?? '',
        path: (request.url ?? '').replace(/\?.*/su, ''),
        headers: request.headers,
        body: () => readBody(request),
        isOpen: () => !response.destroyed,
      }).catch((error: unknown): HttpResponse => {
        log.warn({ problem: error instanceof Error ? error.name : 'unknown' }, 'A request could not be read');
        return { status: 400 };
      });
      // A refused sender may still be sending.
      if (answer.status !== 200) response.setHeader('connection', 'close');
      if (answer.json !== undefined) response.setHeader('content-type', 'application/json');
      response.writeHead(answer.status).end(answer.json === undefined ? '' : JSON.stringify(answer.json));
    },
  );
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen({ host, port, field }, error)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => closeServer(server),
  };
}

export function cannotListen({ host, port, field }: ListenAddress, cause: unknown): HqError {
  const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
  const hint = `Another program may use the port: set ${field} to a free one.`;
  return new HqError('failed', `HQ cannot listen on ${host}:${port}${code}.`, { field, hint, cause });
}

/** Null if it is too long. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), closeWithinMs);
  await closed;
  clearTimeout(cut);
}
