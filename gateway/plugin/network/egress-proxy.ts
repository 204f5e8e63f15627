import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { codeOf } from '@hq/shared/errors';
import type { AllowedHost, Destination } from './allowed-hosts.ts';
import { decideEgress, type EgressDecision, type Internet, internet } from './egress-decision.ts';
import { forwardedHeaders } from './forwarded-headers.ts';
import type { Traffic } from './traffic.ts';

const connectTimeoutMs = 15_000;
/** A connection without a byte for this long is closed. */
const idleTimeoutMs = 10 * 60_000;
const mostConnections = 256;
const statusTexts = { 400: 'Bad Request', 403: 'Forbidden', 502: 'Bad Gateway' };

export interface EgressProxyOptions {
  /** The agent's name, for refusals. */
  readonly agent: string;
  readonly allowedHosts: () => readonly AllowedHost[];
  readonly traffic: Traffic;
  /** Called for each destination that is refused because it is not on the list. */
  readonly onUnlisted?: ((destination: Destination) => void) | undefined;
  readonly internet?: Internet | undefined;
}

/** HTTP proxy of one agent, on a Unix socket that this agent alone can reach: the socket is the identity. */
export class EgressProxy {
  readonly #options: EgressProxyOptions;
  readonly #internet: Internet;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  constructor(options: EgressProxyOptions) {
    this.#options = options;
    this.#internet = options.internet ?? internet;
    this.#server = createServer((incoming, response) => {
      // End this connection where something fails unexpectedly, and not the gateway.
      this.#forward(incoming, response).catch(() => response.destroy());
    });
    this.#server.on('connect', (incoming, socket, head) => {
      this.#tunnel(incoming, socket, head).catch(() => socket.destroy());
    });
    this.#server.on('connection', (socket) => this.#track(socket));
    this.#server.maxConnections = mostConnections;
    this.#server.requestTimeout = 0; // bodies may be long; idle connections end by themselves
    this.#server.setTimeout(idleTimeoutMs);
  }

  async listen(socketPath: string): Promise<void> {
    this.#server.listen(socketPath);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #track(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // A peer that resets its connection is no failure of the proxy.
    socket.on('error', () => socket.destroy());
  }

  async #decide(authority: string): Promise<EgressDecision> {
    const { traffic, allowedHosts } = this.#options;
    const decision = traffic.isExhausted()
      ? ({ status: 403, reason: 'the traffic of this day is used up' } as const)
      : await decideEgress(authority, allowedHosts(), this.#internet);
    if ('reason' in decision) traffic.refused(printable(authority), printable(decision.reason));
    if ('unlisted' in decision && decision.unlisted !== undefined) this.#tellUnlisted(decision.unlisted);
    return decision;
  }

  #tellUnlisted(destination: Destination): void {
    try {
      this.#options.onUnlisted?.(destination);
    } catch {
      // A full disk, for example: the refusal counts, and the agent may ask again.
    }
  }

  /** Returns the status line's text: curl, npm and Node show nothing else of a refusal. */
  #refusal({ status, reason }: { status: 400 | 403 | 502; reason: string }): string {
    return printable(`${statusTexts[status]}: HQ refused agent ${this.#options.agent}: ${reason}`);
  }

  async #dial(decision: { address: string; destination: { port: number } }): Promise<Socket> {
    const socket = this.#internet.connect(decision.address, decision.destination.port);
    this.#track(socket);
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(connectTimeoutMs) });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    socket.setTimeout(idleTimeoutMs, () => socket.destroy());
    this.#options.traffic.connected();
    return socket;
  }

  /** Counts what passes between an agent and a server, and cuts both off when the agent's bytes are used up. */
  #meter(client: Readable, server: Readable): void {
    const { traffic } = this.#options;
    const cut = (goesOn: boolean): void => {
      if (goesOn) return;
      client.destroy();
      server.destroy();
    };
    client.on('data', (bytes: Buffer) => cut(traffic.count('sent', bytes.length)));
    server.on('data', (bytes: Buffer) => cut(traffic.count('received', bytes.length)));
  }

  async #tunnel(incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const decision = await this.#decide(incoming.url ?? '');
    if ('reason' in decision) return void client.end(rawAnswer(decision.status, this.#refusal(decision)));
    let server: Socket;
    try {
      server = await this.#dial(decision);
    } catch (error) {
      return void client.end(rawAnswer(502, this.#refusal(unreachable(incoming.url, error))));
    }
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) {
      this.#options.traffic.count('sent', head.length);
      server.write(head);
    }
    this.#meter(client, server);
    client.pipe(server).pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  async #forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = parseHttpUrl(incoming.url ?? '');
    const decision = await this.#decide(url?.authority ?? incoming.url ?? '');
    if (url === undefined || 'reason' in decision) {
      const refusal =
        'reason' in decision ? decision : { status: 400 as const, reason: 'not an http address' };
      return void answer(response, refusal.status, this.#refusal(refusal));
    }
    let socket: Socket;
    try {
      socket = await this.#dial(decision);
    } catch (error) {
      return void answer(response, 502, this.#refusal(unreachable(url.authority, error)));
    }
    this.#meter(incoming, socket);
    // The head of a request carries data too.
    this.#options.traffic.count('sent', (incoming.url ?? '').length + incoming.rawHeaders.join('').length);
    const headers = [...forwardedHeaders(incoming.rawHeaders), 'Host', url.host, 'Connection', 'close'];
    // Without a coding a body of GET or DELETE would reach the server as a second request.
    if (incoming.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
    const outgoing = request({
      method: incoming.method,
      path: url.path,
      headers,
      setHost: false,
      createConnection: () => socket,
    });
    outgoing.on('response', (answered) => {
      try {
        response.writeHead(
          answered.statusCode ?? 502,
          answered.statusMessage,
          forwardedHeaders(answered.rawHeaders),
        );
      } catch {
        // Node reads heads that it refuses to write, such as one with the status 099.
        outgoing.destroy(Object.assign(new Error('invalid head'), { code: 'invalid head' }));
        return;
      }
      answered.pipe(response);
    });
    outgoing.on('error', (error) => {
      if (response.headersSent) response.destroy();
      else answer(response, 502, this.#refusal(unreachable(url.authority, error)));
    });
    response.on('close', () => socket.destroy());
    incoming.pipe(outgoing);
  }
}

/** Parses an absolute `http://` address; `authority` is what the decision is about, `host` what the server is told. */
function parseHttpUrl(text: string): { authority: string; host: string; path: string } | undefined {
  if (!/^http:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  return {
    authority: `${url.hostname}:${url.port || '80'}`,
    host: url.host,
    path: `${url.pathname}${url.search}`,
  };
}

function unreachable(destination: string | undefined, error: unknown): { status: 502; reason: string } {
  return { status: 502, reason: `${destination} does not answer (${codeOf(error) ?? 'time limit'})` };
}

/** Keeps a text of the agent's making within one line of printable ASCII. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 300);
}

function rawAnswer(status: number, text: string): string {
  return `HTTP/1.1 ${status} ${text}\r\nContent-Type: text/plain\r\nContent-Length: ${text.length + 1}\r\nConnection: close\r\n\r\n${text}\n`;
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, text, { 'Content-Type': 'text/plain', Connection: 'close' }).end(`${text}\n`);
}
