import { createHmac } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SignedSender } from '../../../../fakes/discord-server/signed-sender.ts';
import type { HttpServer } from '../../http-server.ts';
import { serveInteractions } from './http-endpoint.ts';

const sender = new SignedSender();
const body = JSON.stringify({ type: 2, id: '1' });
let taken: unknown[];
let endpoint: HttpServer;
let url: string;

beforeEach(async () => {
  taken = [];
  endpoint = await serveInteractions(
    { publicKey: sender.publicKey, host: '127.0.0.1', port: 0, field: 'DISCORD_LISTEN' },
    (payload, respond) => {
      taken.push(payload);
      void respond({ type: 5 });
    },
    pino({ level: 'silent' }),
  );
  url = `http://127.0.0.1:${endpoint.port}/`;
});

afterEach(() => endpoint.close());

async function post(headers: Record<string, string>, text = body): Promise<number> {
  const response = await fetch(url, { method: 'POST', headers, body: text });
  await response.arrayBuffer();
  return response.status;
}

const secondsAgo = (seconds: number): string => String(Math.floor(Date.now() / 1000) - seconds);

describe('the interactions endpoint', () => {
  it('accepts a signed interaction, and answers in the response', async () => {
    const response = await sender.send(url, { type: 2, id: '1' });
    expect(await response.json()).toEqual({ type: 5 });
    expect(taken).toEqual([{ type: 2, id: '1' }]);
  });

  it('answers a ping, and refuses a forged one', async () => {
    expect(await sender.accepts(url, '1')).toBe(true);
    expect(taken).toEqual([]);
  });

  it.each<[string, () => Record<string, string>]>([
    ['nothing', () => ({})],
    ['another key', () => new SignedSender().headersFor(body)],
    ['another body', () => sender.headersFor('{"type":2,"id":"2"}')],
    ['an old time', () => sender.headersFor(body, secondsAgo(301))],
    ['a time to come', () => sender.headersFor(body, secondsAgo(-301))],
    [
      'another time than the signed one',
      () => ({ ...sender.headersFor(body), 'x-signature-timestamp': secondsAgo(1) }),
    ],
    [
      'no signature of this kind',
      () => ({
        'x-signature-timestamp': secondsAgo(0),
        'x-signature-ed25519': createHmac('sha256', 'x').update(body).digest('hex'),
      }),
    ],
  ])('refuses a request signed with %s', async (_, headers) => {
    expect(await post(headers())).toBe(401);
    expect(taken).toEqual([]);
  });

  it('refuses other methods, long bodies, and bodies that are not JSON', async () => {
    expect((await fetch(url)).status).toBe(405);
    const endless = 'x'.repeat(1024 * 1024 + 1);
    expect(await post(sender.headersFor(endless), endless)).toBe(413);
    expect(await post(sender.headersFor('no json'), 'no json')).toBe(400);
    expect(taken).toEqual([]);
  });

  it('rejects with the variable to change if the port is taken', async () => {
    const taken = {
      publicKey: sender.publicKey,
      host: '127.0.0.1',
      port: endpoint.port,
      field: 'DISCORD_LISTEN',
    };
    await expect(serveInteractions(taken, () => undefined, pino({ level: 'silent' }))).rejects.toMatchObject({
      name: 'HqError',
      hint: expect.stringContaining('DISCORD_LISTEN'),
    });
  });
});
