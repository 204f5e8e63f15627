import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
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
  /** Throws an `HttpError` if the body is too long or incomplete. */
  body(): Promise<Buffer>;
  /** False if the sender has gone. */
  isOpen(): boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly json?: unknown;
}

/** Ends a request with this status. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves requests on one address; a proxy in front ends TLS. Rejects with the system's error if the address is taken.
 * `handle` may reject: an `HttpError` is answered with its status, any other error with 400 after `onError`.
 */
export async function serveHttp(
  { host, port }: ListenAddress,
  handle: (request: HttpRequest) => Promise<HttpResponse>,
  onError: (error: unknown) => void,
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
        if (error instanceof HttpError) return { status: error.status };
        onError(error);
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
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => closeServer(server),
  };
}

/** Parses a JSON body. Throws an `HttpError` if it is not JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new HttpError(400, 'The body is not JSON');
    throw error;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new HttpError(413, 'The body is too long');
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
