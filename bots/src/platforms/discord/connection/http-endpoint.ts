import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { HqError } from '@hq/shared/errors';
import { type APIInteractionResponse, InteractionResponseType, InteractionType } from 'discord-api-types/v10';
import type { Logger } from 'pino';
import { z } from 'zod';

const maxBody = 1024 * 1024;
/** How far a request's time may be from ours; an old one is somebody repeating what they overheard. */
const freshForSeconds = 300;

const envelope = z.object({ type: z.int() });

export type Respond = (response: APIInteractionResponse) => Promise<void>;

/** Takes interactions that Discord signs and posts, for hosts that can be reached from outside; TLS is the proxy's before it. */
export class InteractionsEndpoint {
  readonly #key: KeyObject;
  readonly #server: Server;
  readonly #log: Logger;

  constructor(publicKey: string, onInteraction: (payload: unknown, respond: Respond) => void, log: Logger) {
    this.#key = createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(publicKey, 'hex')]),
      format: 'der',
      type: 'spki',
    });
    this.#log = log;
    this.#server = createServer((request, response) => {
      this.#take(request, response, onInteraction).catch((error: unknown) => {
        log.warn({ problem: error instanceof Error ? error.name : 'unknown' }, 'A request could not be read');
        end(response, 400);
      });
    });
    this.#server.requestTimeout = 10_000;
  }

  /** The port that it listens on. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(
          new HqError('failed', `Interactions cannot be taken in on ${host}:${port}.`, {
            hint: 'Give DISCORD_LISTEN a port that is free.',
            cause: error,
          }),
        );
      });
      this.#server.listen(port, host, () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await closed;
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    onInteraction: (payload: unknown, respond: Respond) => void,
  ): Promise<void> {
    if (request.method !== 'POST') return end(response, 405);
    const body = await read(request);
    if (body === null) return end(response, 413);
    if (!this.#isSigned(request, body)) {
      this.#log.warn('A request without Discord’s signature was turned away');
      return end(response, 401);
    }
    const payload: unknown = JSON.parse(body.toString('utf8'));
    if (envelope.parse(payload).type === InteractionType.Ping) {
      return end(response, 200, { type: InteractionResponseType.Pong });
    }
    onInteraction(payload, async (answer) => {
      if (response.writableEnded || response.destroyed) throw new Error('The request has ended');
      end(response, 200, answer);
    });
  }

  #isSigned(request: IncomingMessage, body: Buffer): boolean {
    const signature = request.headers['x-signature-ed25519'];
    const timestamp = request.headers['x-signature-timestamp'];
    if (typeof signature !== 'string' || !/^[0-9a-f]{128}$/iu.test(signature)) return false;
    if (typeof timestamp !== 'string' || !/^\d{1,12}$/u.test(timestamp)) return false;
    if (Math.abs(Date.now() / 1000 - Number(timestamp)) > freshForSeconds) return false;
    const signed = Buffer.concat([Buffer.from(timestamp), body]);
    return verify(null, signed, this.#key, Buffer.from(signature, 'hex'));
  }
}

/** Null where it is longer than anything that Discord sends. */
async function read(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBody) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function end(response: ServerResponse, status: number, body?: unknown): void {
  if (response.writableEnded) return;
  if (body === undefined) response.writeHead(status).end();
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
