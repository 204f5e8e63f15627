import { createHmac } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SignedSender } from '../../../../fakes/discord-server/signed-sender.ts';
import { InteractionsEndpoint } from './http-endpoint.ts';

const sender = new SignedSender();
const body = JSON.stringify({ type: 2, id: '1' });
let taken: unknown[];
let endpoint: InteractionsEndpoint;
let url: string;

beforeEach(async () => {
  taken = [];
  endpoint = new InteractionsEndpoint(
    sender.publicKey,
    (payload, respond) => {
      taken.push(payload);
      void respond({ type: 5 });
    },
    pino({ level: 'silent' }),
  );
  url = `http://127.0.0.1:${await endpoint.listen('127.0.0.1', 0)}/`;
});

afterEach(() => endpoint.close());

async function post(headers: Record<string, string>, text = body): Promise<number> {
  const response = await fetch(url, { method: 'POST', headers, body: text });
  await response.arrayBuffer();
  return response.status;
}

const secondsAgo = (seconds: number): string => String(Math.floor(Date.now() / 1000) - seconds);

describe('the interactions endpoint', () => {
  it('takes what Discord signed, and answers in the response', async () => {
    const response = await sender.send(url, { type: 2, id: '1' });
    expect(await response.json()).toEqual({ type: 5 });
    expect(taken).toEqual([{ type: 2, id: '1' }]);
  });

  it('answers a ping, and turns away the forged one that follows it', async () => {
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
  ])('turns away what is signed with %s', async (_, headers) => {
    expect(await post(headers())).toBe(401);
    expect(taken).toEqual([]);
  });

  it('takes no other method, no endless body, and nothing that is no JSON', async () => {
    expect((await fetch(url)).status).toBe(405);
    const endless = 'x'.repeat(1024 * 1024 + 1);
    expect(await post(sender.headersFor(endless), endless)).toBe(413);
    expect(await post(sender.headersFor('no json'), 'no json')).toBe(400);
    expect(taken).toEqual([]);
  });

  it('tells a port that is taken', async () => {
    const second = new InteractionsEndpoint(sender.publicKey, () => undefined, pino({ level: 'silent' }));
    await expect(second.listen('127.0.0.1', Number(new URL(url).port))).rejects.toMatchObject({
      name: 'HqError',
      hint: expect.stringContaining('DISCORD_LISTEN'),
    });
  });
});
