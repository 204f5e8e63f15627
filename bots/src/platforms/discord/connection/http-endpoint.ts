import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type APIInteractionResponse, InteractionResponseType, InteractionType } from 'discord-api-types/v10';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type HttpRequest, type HttpResponse, type HttpServer, serveHttp } from '../../http-server.ts';
import type { DiscordSettings } from '../settings.ts';

/** The largest difference to our clock; an older request may be a replay. */
const freshForSeconds = 300;

const interaction = z.object({ type: z.int() });

export type Endpoint = NonNullable<DiscordSettings['endpoint']>;

/** Sends the first answer in the HTTP response. Rejects if the request has ended. */
export type Respond = (response: APIInteractionResponse) => Promise<void>;

export type OnInteraction = (payload: unknown, respond: Respond) => void;

/** Takes interactions as requests that Discord signs. Rejects with an `HqError` if the address is taken. */
export async function serveInteractions(
  { publicKey, ...address }: Endpoint,
  onInteraction: OnInteraction,
  log: Logger,
): Promise<HttpServer> {
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(publicKey, 'hex')]),
    format: 'der',
    type: 'spki',
  });
  const handle = async (request: HttpRequest): Promise<HttpResponse> => {
    if (request.method !== 'POST') return { status: 405 };
    const body = await request.body();
    if (body === null) return { status: 413 };
    if (!isSigned(request, body, key)) {
      log.warn('A request without a valid signature of Discord was refused');
      return { status: 401 };
    }
    return answer(JSON.parse(body.toString()), request, onInteraction);
  };
  return serveHttp(address, handle, log);
}

function answer(payload: unknown, request: HttpRequest, onInteraction: OnInteraction): Promise<HttpResponse> {
  const { type } = interaction.parse(payload);
  const answered = Promise.withResolvers<HttpResponse>();
  if (type === InteractionType.Ping) {
    answered.resolve({ status: 200, json: { type: InteractionResponseType.Pong } });
  } else {
    onInteraction(payload, async (json) => {
      if (!request.isOpen()) throw new Error('The request has ended');
      answered.resolve({ status: 200, json });
    });
  }
  return answered.promise;
}

function isSigned({ headers }: HttpRequest, body: Buffer, key: KeyObject): boolean {
  const signature = headers['x-signature-ed25519'];
  const timestamp = headers['x-signature-timestamp'];
  if (typeof signature !== 'string' || !/^[0-9a-f]{128}$/iu.test(signature)) return false;
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/u.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > freshForSeconds) return false;
  const signed = Buffer.concat([Buffer.from(timestamp), body]);
  return verify(null, signed, key, Buffer.from(signature, 'hex'));
}
