import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { HqError } from '@hq/shared/errors';

export interface CdpBridgeOptions {
  /** Returns the agent that a token belongs to. */
  readonly agentOf: (token: string) => string | undefined;
  /** Returns the socket of the DevTools of the agent's browser; undefined while it does not run. */
  readonly running: (agent: string) => Promise<string | undefined>;
}

/** Leads OpenClaw from a port on loopback to the browser in an agent's jail. Only that agent's token opens it. */
export class CdpBridge {
  readonly #options: CdpBridgeOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  constructor(options: CdpBridgeOptions) {
    this.#options = options;
    this.#server = createServer((incoming, response) => void this.#forward(incoming, response));
    this.#server.on('upgrade', (incoming, socket, head) => void this.#upgrade(incoming, socket, head));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    });
  }

  async listen(port: number): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    try {
      await once(this.#server, 'listening');
    } catch (cause) {
      throw new HqError('failed', `The port ${port} of the browsers is in use.`, {
        hint: 'End the program that uses it, or set another `browserPort`.',
        cause,
      });
    }
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Returns where a request leads; undefined without the token of an agent. */
  #target({ url = '' }: IncomingMessage): { agent: string; path: string } | undefined {
    const parsed = URL.parse(url, 'http://127.0.0.1');
    if (parsed === null) return undefined;
    const { pathname, searchParams } = parsed;
    const agent = this.#options.agentOf(searchParams.get('token') ?? '');
    searchParams.delete('token');
    const query = searchParams.toString();
    return agent === undefined
      ? undefined
      : { agent, path: query === '' ? pathname : `${pathname}?${query}` };
  }

  async #forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = this.#target(incoming);
    if (target === undefined) return void response.writeHead(401).end('A token of an agent is needed.\n');
    try {
      const socketPath = await this.#options.running(target.agent);
      if (socketPath === undefined) return void response.writeHead(503).end('This browser does not run.\n');
      const outgoing = request({
        socketPath,
        method: incoming.method,
        path: target.path,
        headers: browserHeaders(incoming),
      });
      // The connection may break after the answer's head, too.
      outgoing.on('error', () => response.headersSent && response.destroy());
      incoming.pipe(outgoing);
      const [answer] = await once(outgoing, 'response');
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    } catch (error) {
      response.writeHead(502).end(`${error instanceof Error ? error.message : String(error)}\n`);
    }
  }

  async #upgrade(incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const target = this.#target(incoming);
    if (target === undefined)
      return void client.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    try {
      const socketPath = await this.#options.running(target.agent);
      if (socketPath === undefined) return void client.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
      const browser = connect(socketPath);
      this.#sockets.add(browser);
      browser.on('error', () => browser.destroy());
      browser.on('close', () => {
        this.#sockets.delete(browser);
        client.destroy();
      });
      client.on('close', () => browser.destroy());
      const lines = Object.entries(browserHeaders(incoming)).map(([name, value]) => `${name}: ${value}`);
      browser.write(`GET ${target.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      browser.write(head);
      client.pipe(browser).pipe(client);
    } catch {
      client.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n');
    }
  }
}

/** Chromium accepts DevTools requests to `localhost` alone, and refuses those of a page, which have an `Origin`. */
function browserHeaders({ headers }: IncomingMessage): Record<string, string> {
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && name !== 'origin' && name !== 'host' ? [[name, value]] : [],
  );
  return { ...Object.fromEntries(kept), host: 'localhost' };
}
