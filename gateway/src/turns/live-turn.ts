import type { TurnLine, TurnState } from '@hq/shared/gateway';
import { untilAborted } from './until-aborted.ts';

type OnLine = (line: TurnLine) => void;

/** Runs a turn until its end or an abort. */
export type RunTurn = (emit: OnLine, signal: AbortSignal) => Promise<TurnState>;

/** One turn that does not end with the request that began it. Any number of clients may follow it. */
export class LiveTurn {
  readonly #lines: TurnLine[] = [];
  readonly #followers = new Set<OnLine>();
  readonly #abort = new AbortController();
  readonly ended: Promise<TurnState>;
  #hasEnded = false;

  constructor(run: RunTurn) {
    this.ended = run((line) => this.#add(line), this.#abort.signal).finally(() => {
      this.#hasEnded = true;
    });
    // Without a follower nobody hears of a failure, and the next one does.
    this.ended.catch(() => undefined);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Emits the lines so far and those that come. Throws the reason of the signal, which ends nothing but this. */
  async follow(emit: OnLine, signal: AbortSignal): Promise<TurnState> {
    for (const line of this.#lines) emit(line);
    this.#followers.add(emit);
    using stop = untilAborted(signal);
    try {
      return await Promise.race([this.ended, stop.rejected]);
    } finally {
      this.#followers.delete(emit);
    }
  }

  abort(reason: Error): void {
    this.#abort.abort(reason);
  }

  #add(line: TurnLine): void {
    this.#keep(line);
    for (const emit of this.#followers) emit(line);
  }

  /** Keeps a text in one line, however many parts it comes in. */
  #keep(line: TurnLine): void {
    const last = this.#lines.at(-1);
    if ('text' in line && line.replace !== true && last !== undefined && 'text' in last) {
      this.#lines[this.#lines.length - 1] = { ...last, text: last.text + line.text };
    } else {
      this.#lines.push(line);
    }
  }
}
