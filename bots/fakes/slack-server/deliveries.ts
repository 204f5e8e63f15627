import { createHmac, randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { z } from 'zod';

export interface Delivery {
  readonly type: 'slash_commands' | 'interactive' | 'events_api';
  readonly payload: Readonly<Record<string, unknown>>;
  readonly retry?: { readonly attempt: number; readonly reason: string };
  /** What Socket Mode wraps it in, the same when it comes again; a new one where left out. */
  readonly envelope?: string;
}

export interface Receipt {
  readonly delivery: Delivery;
  /** Whether it was acknowledged within Slack's three seconds. */
  readonly acknowledged: boolean;
  readonly tookMs: number;
  /** What the acknowledgement carried. */
  readonly answer: Readonly<Record<string, unknown>>;
  /** The status of the app's answer; HTTP mode only. */
  readonly status?: number;
}

/** Slack gives up on an app after this time. */
const patienceMs = 3000;

const acknowledgement = z.object({
  envelope_id: z.string(),
  payload: z.record(z.string(), z.unknown()).optional(),
});

/** The open WebSockets of the app, and what was sent through them and not yet acknowledged. */
export class SocketConnections {
  readonly #open = new Set<WebSocket>();
  readonly #waiting = new Map<string, (answer: Record<string, unknown>) => void>();
  /** Those that fell silent; they are let go when the app has made another. */
  readonly #silent = new Set<WebSocket>();
  /** Every acknowledgement that came, in order; one that comes twice is here twice. */
  readonly acknowledgements: string[] = [];
  /** How many of the next links are never told hello. */
  skippedHellos = 0;

  get count(): number {
    return this.#open.size;
  }

  open(socket: WebSocket, appId: string): void {
    this.#release();
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    socket.on('error', () => socket.terminate());
    socket.on('message', (data) => this.#take(String(data)));
    if (this.skippedHellos > 0) {
      this.skippedHellos -= 1;
      return;
    }
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#open.size,
        connection_info: { app_id: appId },
        debug_info: { host: 'applink-1', approximate_connection_time: 18_060 },
      }),
    );
  }

  /** Goes to any one link, as Slack's do. */
  async deliver(delivery: Delivery): Promise<Receipt> {
    const begin = performance.now();
    const envelope = delivery.envelope ?? randomUUID();
    const socket = [...this.#open].at(-1);
    const answer = await new Promise<Record<string, unknown> | undefined>((resolve) => {
      if (socket === undefined) return resolve(undefined);
      const settle = (given?: Record<string, unknown>): void => {
        clearTimeout(patience);
        socket.off('close', lost);
        resolve(given);
      };
      const lost = (): void => settle();
      const patience = setTimeout(lost, patienceMs);
      // Nobody acknowledges what went down with its link.
      socket.once('close', lost);
      this.#waiting.set(envelope, settle);
      socket.send(
        JSON.stringify({
          envelope_id: envelope,
          type: delivery.type,
          accepts_response_payload: delivery.type !== 'events_api',
          payload: delivery.payload,
          ...(delivery.retry === undefined
            ? {}
            : { retry_attempt: delivery.retry.attempt, retry_reason: delivery.retry.reason }),
        }),
      );
    });
    this.#waiting.delete(envelope);
    return {
      delivery: { ...delivery, envelope },
      acknowledged: answer !== undefined,
      tookMs: performance.now() - begin,
      answer: answer ?? {},
    };
  }

  /** A frame as it stands, whatever it says. */
  send(frame: string): void {
    for (const socket of this.#open) socket.send(frame);
  }

  /** Slack is about to close these links: the app is to make new ones. */
  recycle(reason: 'warning' | 'refresh_requested' | 'link_disabled'): void {
    this.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'applink-1' } }));
  }

  /** The links break: with a close frame of this code, or without a word where there is none. */
  drop(code?: number): void {
    for (const socket of this.#open) {
      if (code === undefined) socket.terminate();
      else socket.close(code);
    }
    this.#open.clear();
    this.#release();
  }

  /** The links stand, and nothing passes any more: no frame, no answer to a ping, no end. */
  stall(): void {
    for (const socket of this.#open) {
      socket.pause();
      this.#silent.add(socket);
    }
    this.#open.clear();
  }

  #release(): void {
    for (const socket of this.#silent) socket.terminate();
    this.#silent.clear();
  }

  #take(frame: string): void {
    const parsed = acknowledgement.safeParse(JSON.parse(frame));
    if (!parsed.success) return;
    this.acknowledgements.push(parsed.data.envelope_id);
    this.#waiting.get(parsed.data.envelope_id)?.(parsed.data.payload ?? {});
  }
}

export interface Signature {
  readonly secret: string;
  /** How old the request claims to be. */
  readonly ageSeconds?: number;
  readonly signature?: string;
}

/** Sends a delivery as Slack does to a Request URL. */
export async function deliverOverHttp(url: string, delivery: Delivery, signed: Signature): Promise<Receipt> {
  const begin = performance.now();
  const isEvent = delivery.type === 'events_api';
  const body = isEvent
    ? JSON.stringify(delivery.payload)
    : new URLSearchParams(
        delivery.type === 'interactive'
          ? { payload: JSON.stringify(delivery.payload) }
          : Object.entries(delivery.payload).map(([key, value]): [string, string] => [key, String(value)]),
      ).toString();
  const timestamp = String(Math.floor(Date.now() / 1000) - (signed.ageSeconds ?? 0));
  const signature = createHmac('sha256', signed.secret).update(`v0:${timestamp}:${body}`).digest('hex');
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': isEvent ? 'application/json' : 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signed.signature ?? `v0=${signature}`,
      ...(delivery.retry === undefined
        ? {}
        : {
            'x-slack-retry-num': String(delivery.retry.attempt),
            'x-slack-retry-reason': delivery.retry.reason,
          }),
    },
    body,
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  const tookMs = performance.now() - begin;
  const json = z.record(z.string(), z.unknown()).safeParse(text.startsWith('{') ? JSON.parse(text) : {});
  return {
    delivery,
    acknowledged: response.ok && tookMs < patienceMs,
    tookMs,
    answer: json.success ? json.data : {},
    status: response.status,
  };
}
