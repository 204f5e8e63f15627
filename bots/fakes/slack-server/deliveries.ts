import { createHmac, randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { z } from 'zod';

export interface Delivery {
  readonly type: 'slash_commands' | 'interactive' | 'events_api';
  readonly payload: Readonly<Record<string, unknown>>;
  readonly retry?: { readonly attempt: number; readonly reason: string };
  /** The id of the Socket Mode envelope, the same at a redelivery; a new one by default. */
  readonly envelope?: string;
}

export interface Receipt {
  readonly delivery: Delivery;
  /** True if acknowledged within Slack's three seconds. */
  readonly acknowledged: boolean;
  readonly tookMs: number;
  /** The payload of the acknowledgement. */
  readonly answer: Readonly<Record<string, unknown>>;
  /** The HTTP status of the app's answer; HTTP mode only. */
  readonly status?: number;
}

/** Slack's time limit for an acknowledgement. */
const acknowledgeWithinMs = 3000;

const acknowledgement = z.object({
  envelope_id: z.string(),
  payload: z.record(z.string(), z.unknown()).optional(),
});

/** The open WebSockets of the app, and the deliveries without an acknowledgement. */
export class SocketConnections {
  readonly #open = new Set<WebSocket>();
  readonly #waiting = new Map<string, (answer: Record<string, unknown>) => void>();
  /** Stalled sockets; they are closed when the app opens another. */
  readonly #stalled = new Set<WebSocket>();
  /** Every acknowledgement, in order, with duplicates. */
  readonly acknowledgements: string[] = [];
  /** The number of next connections that get no hello. */
  skippedHellos = 0;

  get count(): number {
    return this.#open.size;
  }

  open(socket: WebSocket, appId: string): void {
    this.#closeStalled();
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    socket.on('error', () => socket.terminate());
    socket.on('message', (data) => this.#onFrame(String(data)));
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

  /** Delivers to one connection, as Slack does. */
  async deliver(delivery: Delivery): Promise<Receipt> {
    const startedAt = performance.now();
    const envelope = delivery.envelope ?? randomUUID();
    const socket = [...this.#open].at(-1);
    const answer = await new Promise<Record<string, unknown> | undefined>((resolve) => {
      if (socket === undefined) return resolve(undefined);
      const settle = (given?: Record<string, unknown>): void => {
        clearTimeout(timer);
        socket.off('close', lost);
        resolve(given);
      };
      const lost = (): void => settle();
      const timer = setTimeout(lost, acknowledgeWithinMs);
      // A lost connection ends the wait for its acknowledgements.
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
      tookMs: performance.now() - startedAt,
      answer: answer ?? {},
    };
  }

  /** Sends a frame unchanged. */
  send(frame: string): void {
    for (const socket of this.#open) socket.send(frame);
  }

  /** Announces the end of these connections: the app must open new ones. */
  recycle(reason: 'warning' | 'refresh_requested' | 'link_disabled'): void {
    this.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'applink-1' } }));
  }

  /** Breaks the connections, with a close frame of this code or abruptly. */
  drop(code?: number): void {
    for (const socket of this.#open) {
      if (code === undefined) socket.terminate();
      else socket.close(code);
    }
    this.#open.clear();
    this.#closeStalled();
  }

  /** Keeps the connections open without traffic: no frame, no pong, no close. */
  stall(): void {
    for (const socket of this.#open) {
      socket.pause();
      this.#stalled.add(socket);
    }
    this.#open.clear();
  }

  #closeStalled(): void {
    for (const socket of this.#stalled) socket.terminate();
    this.#stalled.clear();
  }

  #onFrame(frame: string): void {
    const parsed = acknowledgement.safeParse(JSON.parse(frame));
    if (!parsed.success) return;
    this.acknowledgements.push(parsed.data.envelope_id);
    this.#waiting.get(parsed.data.envelope_id)?.(parsed.data.payload ?? {});
  }
}

export interface Signature {
  readonly secret: string;
  /** The age that the timestamp claims. */
  readonly ageSeconds?: number;
  readonly signature?: string;
}

/** Sends a delivery to a Request URL as Slack does. */
export async function deliverOverHttp(url: string, delivery: Delivery, signed: Signature): Promise<Receipt> {
  const startedAt = performance.now();
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
  const tookMs = performance.now() - startedAt;
  const json = z.record(z.string(), z.unknown()).safeParse(text.startsWith('{') ? JSON.parse(text) : {});
  return {
    delivery,
    acknowledged: response.ok && tookMs < acknowledgeWithinMs,
    tookMs,
    answer: json.success ? json.data : {},
    status: response.status,
  };
}
