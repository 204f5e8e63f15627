import { randomUUID } from 'node:crypto';
import { HqError } from '@hq/shared/errors';
import type { OpenClawAnswer } from '@hq/shared/gateway';
import { assertPortOwner } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { accepted, type Frame, frame, type Hello, hello, type ResponseFrame } from './frames.ts';

const openMs = 10_000;

interface Pending {
  readonly takesFirst: boolean;
  readonly settle: (answer: OpenClawAnswer) => void;
  readonly fail: (error: Error) => void;
}

export interface SocketCall {
  readonly method: string;
  readonly params?: object;
  readonly signal?: AbortSignal | undefined;
  /** True waits for the result of a request that is answered with `accepted` first. */
  readonly untilResult?: boolean;
}

/** One connection to OpenClaw, from its opening to its end. Requests may overlap. */
export class OpenClawSocket {
  readonly #socket: WebSocket;
  readonly #pending = new Map<string, Pending>();
  readonly #onEvent: (event: string, payload: unknown) => void;
  readonly #challenged = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<string>();
  #isClosed = false;

  /** `onEvent` receives every event after the handshake. */
  constructor(port: number, onEvent: (event: string, payload: unknown) => void) {
    this.#onEvent = onEvent;
    const address = `ws://127.0.0.1:${port}`;
    // The token goes to whoever listens there.
    assertPortOwner(address);
    this.#socket = new WebSocket(address);
    this.#socket.onmessage = ({ data }) => this.#receive(String(data));
    this.#socket.onerror = () => undefined;
    this.#socket.onclose = ({ code, reason }) => this.#onClose(`${code}${reason === '' ? '' : ` ${reason}`}`);
    this.#challenged.promise.catch(() => undefined);
  }

  /** Resolves to the reason when the connection has ended. */
  get closed(): Promise<string> {
    return this.#closed.promise;
  }

  /** Signs in with the token, which has full rights on loopback alone. */
  async open(token: string): Promise<Hello> {
    const tooLate = setTimeout(() => this.#socket.close(), openMs);
    try {
      await this.#challenged.promise;
      const answer = await this.call({
        method: 'connect',
        params: {
          minProtocol: 4,
          maxProtocol: 4,
          client: { id: 'gateway-client', version: '1', platform: process.platform, mode: 'backend' },
          role: 'operator',
          scopes: [
            'operator.admin',
            'operator.read',
            'operator.write',
            'operator.pairing',
            'operator.approvals',
          ],
          // Without it OpenClaw sends no events of tools.
          caps: ['tool-events'],
          auth: { token },
        },
      });
      if (answer.ok) return hello.parse(answer.payload);
      const code = answer.code === 'UNAVAILABLE' ? 'unreachable' : 'unauthenticated';
      throw new HqError(code, `OpenClaw refuses the connection: ${answer.message}`);
    } finally {
      clearTimeout(tooLate);
    }
  }

  /** Resolves to the answer, which may be a refusal. Throws `unreachable` when the connection ends first. */
  call({ method, params = {}, signal, untilResult = false }: SocketCall): Promise<OpenClawAnswer> {
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#isClosed) throw connectionLost('it is closed');
      const onAbort = () => this.#pending.get(id)?.fail(asError(signal?.reason));
      const end = () => {
        this.#pending.delete(id);
        signal?.removeEventListener('abort', onAbort);
      };
      this.#pending.set(id, {
        takesFirst: !untilResult,
        settle: (answer) => {
          end();
          resolve(answer);
        },
        fail: (error) => {
          end();
          reject(error);
        },
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#socket.send(JSON.stringify({ type: 'req', id, method, params }));
    });
  }

  close(): void {
    this.#socket.close();
  }

  #receive(text: string): void {
    const { data } = frame.safeParse(parseJson(text));
    // A kind of frame that this version of the protocol does not have.
    if (data === undefined) return;
    if (data.type === 'res') this.#settle(data);
    else if (data.event === 'connect.challenge') this.#challenged.resolve();
    else this.#onEvent(data.event, data.payload);
  }

  #settle(response: ResponseFrame): void {
    const pending = this.#pending.get(response.id);
    if (pending === undefined) return;
    if (response.ok && !pending.takesFirst && accepted.safeParse(response.payload).success) return;
    pending.settle(answerOf(response));
  }

  #onClose(reason: string): void {
    this.#isClosed = true;
    const lost = connectionLost(reason);
    this.#challenged.reject(lost);
    for (const { fail } of [...this.#pending.values()]) fail(lost);
    this.#closed.resolve(reason);
  }
}

function answerOf({ ok, payload, error }: Extract<Frame, { type: 'res' }>): OpenClawAnswer {
  if (ok) return { ok, payload };
  return { ok, code: error?.code ?? 'UNKNOWN', message: error?.message ?? 'no reason' };
}

function connectionLost(reason: string): HqError {
  return new HqError('unreachable', `The connection to OpenClaw ended (${reason}).`, {
    hint: 'OpenClaw may be starting; look at the gateway’s log.',
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new HqError('cancelled', 'The request was cancelled.');
}
