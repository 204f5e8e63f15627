import { ApiError } from './api-error.ts';

export interface Update {
  readonly update_id: number;
  readonly [kind: string]: unknown;
}

interface Poll {
  readonly answer: (updates: Update[]) => void;
  readonly refuse: (reason: ApiError) => void;
  readonly offset: number;
  readonly limit: number;
}

/** Keeps updates until a poll confirms them with a higher offset; a new poll ends the one before. */
export class UpdateQueue {
  #updates: Update[] = [];
  /** Redelivered whatever the offset is. */
  #repeated: Update[] = [];
  #poll: Poll | undefined;
  #isPolledElsewhere = false;

  get unconfirmed(): readonly Update[] {
    return this.#updates;
  }

  get isPolled(): boolean {
    return this.#poll !== undefined;
  }

  add(update: Update): void {
    this.#updates.push(update);
    this.#serve();
  }

  repeat(update: Update): void {
    this.#repeated.push(update);
    this.#serve();
  }

  /** Simulates a poll of another process: every poll ends with 409. */
  setPolledElsewhere(isPolled: boolean): void {
    this.#isPolledElsewhere = isPolled;
    if (isPolled) this.#endPoll(conflict());
  }

  confirm(below: number): void {
    this.#updates = this.#updates.filter(({ update_id }) => update_id >= below);
  }

  poll(offset: number, limit: number, seconds: number, signal: AbortSignal): Promise<Update[]> {
    if (this.#isPolledElsewhere) return Promise.reject(conflict());
    this.#endPoll(conflict());
    // A negative offset counts from the end, and confirms the updates before it.
    const from = offset < 0 ? (this.#updates.at(offset)?.update_id ?? 0) : offset;
    this.confirm(from);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(() => resolve([])), seconds * 1000);
      const poll: Poll = {
        answer: (updates) => settle(() => resolve(updates)),
        refuse: (reason) => settle(() => reject(reason)),
        offset: from,
        limit,
      };
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        if (this.#poll === poll) this.#poll = undefined;
        end();
      };
      signal.addEventListener('abort', () => settle(() => resolve([])), { once: true });
      this.#poll = poll;
      this.#serve();
    });
  }

  close(): void {
    this.#poll?.answer([]);
  }

  #serve(): void {
    const poll = this.#poll;
    if (poll === undefined) return;
    const waiting = [...this.#repeated, ...this.#updates.filter(({ update_id }) => update_id >= poll.offset)];
    if (waiting.length === 0) return;
    this.#repeated = [];
    poll.answer(waiting.slice(0, poll.limit));
  }

  #endPoll(reason: ApiError): void {
    this.#poll?.refuse(reason);
  }
}

function conflict(): ApiError {
  return new ApiError(
    409,
    'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
  );
}
