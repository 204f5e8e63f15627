import type { CommandResult, ExchangeRequest } from './exchange.ts';
import type { LeasedCommand } from './leased-command.ts';
import type { OutputChunk } from './output.ts';

interface Finished {
  readonly held: LeasedCommand;
  readonly result: CommandResult;
}

/** What goes with one turn. */
export interface Batch {
  readonly finished: readonly Finished[];
  readonly chunks: readonly { readonly held: LeasedCommand; readonly chunks: readonly OutputChunk[] }[];
  readonly progress: ExchangeRequest['progress'];
}

const mostChunks = 64;
const mostResults = 64;

/**
 * What the database has not taken yet. A result stays here until it was accepted; it goes out together with the last of
 * its command's output, or after it, so that a command that is done has shown everything.
 */
export class Outbox {
  #finished: Finished[] = [];
  /** The database refused a parcel: send one thing at a time until the one that it cannot take is found. */
  #cautious = false;

  add(held: LeasedCommand, result: CommandResult): void {
    this.#finished.push({ held, result });
  }

  get hasResults(): boolean {
    return this.#finished.length > 0;
  }

  commandIds(): string[] {
    return this.#finished.map(({ held }) => held.command.id);
  }

  /** The tokens of the commands whose end is not told yet; they are still this runner's. */
  tokens(): string[] {
    return this.#finished.map(({ held }) => held.token);
  }

  takeBatch(running: Iterable<LeasedCommand>): Batch {
    if (this.#cautious) return { finished: this.#finished.slice(0, 1), chunks: [], progress: [] };
    const finished: Finished[] = [];
    const chunks: { held: LeasedCommand; chunks: readonly OutputChunk[] }[] = [];
    let left = mostChunks;
    const take = (held: LeasedCommand): boolean => {
      const taken = held.output.take(left + 1);
      const fits = taken.length <= left;
      const sent = fits ? taken : taken.slice(0, left);
      left -= sent.length;
      if (sent.length > 0) chunks.push({ held, chunks: sent });
      return fits;
    };
    for (const entry of this.#finished.slice(0, mostResults)) {
      if (take(entry.held)) finished.push(entry);
    }
    const progress: { token: string; percent: number | null; note: string | null }[] = [];
    for (const held of running) {
      take(held);
      const note = held.takeProgress();
      if (note !== null) progress.push({ token: held.token, ...note });
    }
    return { finished, chunks, progress };
  }

  onAccepted(parcel: Batch): void {
    const gone = new Set(parcel.finished);
    this.#finished = this.#finished.filter((entry) => !gone.has(entry));
    for (const { held, chunks } of parcel.chunks) held.output.acknowledge(chunks);
    if (this.#finished.length === 0) this.#cautious = false;
  }

  /**
   * The database looked at the parcel and will not take it. Returns the results that are given up because even their
   * bare failure was refused.
   */
  onRefused(parcel: Batch, reason: string): readonly CommandResult[] {
    if (!this.#cautious) {
      this.#cautious = true;
      for (const { held, chunks } of parcel.chunks) held.output.acknowledge(chunks);
      return [];
    }
    const [stubborn] = parcel.finished;
    if (stubborn === undefined) {
      this.#cautious = false;
      return [];
    }
    this.#finished = this.#finished.filter((entry) => entry !== stubborn);
    const bare = bareFailure(stubborn.result.token, `the result could not be stored: ${reason}`);
    if (stubborn.result.error_message === bare.error_message) return [stubborn.result];
    this.#finished.unshift({ held: stubborn.held, result: bare });
    return [];
  }
}

function bareFailure(token: string, errorMessage: string): CommandResult {
  return {
    token,
    status: 'failed',
    exit_code: 1,
    stdout: null,
    stderr: null,
    error_message: errorMessage,
    result: null,
  };
}
