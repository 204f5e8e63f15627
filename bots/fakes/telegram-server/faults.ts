import type { ApiErrorParameters } from './api-error.ts';

/** A fault of one answer. */
export type Fault =
  /** An error of the Bot API. */
  | {
      readonly kind: 'refuse';
      readonly status: number;
      readonly description?: string;
      readonly parameters?: ApiErrorParameters;
    }
  /** A web page of a proxy. */
  | { readonly kind: 'html'; readonly status?: number }
  /** Executed, and answered late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Executed, but the answer is lost with the connection. */
  | { readonly kind: 'lost' }
  /** Executed, but the answer is incomplete and the connection stays open. */
  | { readonly kind: 'stall' }
  /** Not executed and never answered. */
  | { readonly kind: 'hang' };

/** Queues faults by method; each applies to a number of calls. */
export class Faults {
  readonly #waiting = new Map<string, { readonly fault: Fault; left: number }[]>();

  add(method: string, fault: Fault, times: number): void {
    const queue = this.#waiting.get(method) ?? [];
    queue.push({ fault, left: times });
    this.#waiting.set(method, queue);
  }

  take(method: string): Fault | undefined {
    const queue = this.#waiting.get(method);
    const first = queue?.[0];
    if (queue === undefined || first === undefined) return undefined;
    first.left -= 1;
    if (first.left <= 0) queue.shift();
    return first.fault;
  }

  clear(): void {
    this.#waiting.clear();
  }
}
