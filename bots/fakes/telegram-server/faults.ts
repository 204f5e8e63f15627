import type { ApiErrorParameters } from './api-error.ts';

/** How one answer goes wrong. */
export type Fault =
  /** An error as the Bot API words it. */
  | {
      readonly kind: 'refuse';
      readonly status: number;
      readonly description?: string;
      readonly parameters?: ApiErrorParameters;
    }
  /** A web page from something in between. */
  | { readonly kind: 'garbage'; readonly status?: number }
  /** Done, and answered late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Done, but the answer is lost with the connection. */
  | { readonly kind: 'lost' }
  /** Done, and the answer breaks off in its middle, though the connection stands. */
  | { readonly kind: 'stall' }
  /** Not done, and no answer ever. */
  | { readonly kind: 'hang' };

/** Faults wait per method, and each is used up by the calls that it spoils. */
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
