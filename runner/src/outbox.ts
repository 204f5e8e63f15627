import type { HeldCommand } from './held-command.ts';
import type { OutputChunk } from './output.ts';
import type { CommandResult, TurnRequest } from './turn.ts';

interface Finished {
  readonly held: HeldCommand;
  readonly result: CommandResult;
}

/** What goes with one turn. */
export interface Parcel {
  readonly finished: readonly Finished[];
  readonly chunks: readonly { readonly held: HeldCommand; readonly chunks: readonly OutputChunk[] }[];
  readonly progress: TurnRequest['progress'];
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

  add(held: HeldCommand, result: CommandResult): void {
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

  pack(running: Iterable<HeldCommand>): Parcel {
    if (this.#cautious) return { finished: this.#finished.slice(0, 1), chunks: [], progress: [] };
    const finished: Finished[] = [];
    const chunks: { held: HeldCommand; chunks: readonly OutputChunk[] }[] = [];
    let room = mostChunks;
    const take = (held: HeldCommand): boolean => {
      const taken = held.output.take(room + 1);
      const fits = taken.length <= room;
      const sent = fits ? taken : taken.slice(0, room);
      room -= sent.length;
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

  accepted(parcel: Parcel): void {
    const gone = new Set(parcel.finished);
    this.#finished = this.#finished.filter((entry) => !gone.has(entry));
    for (const { held, chunks } of parcel.chunks) held.output.acknowledge(chunks);
    if (this.#finished.length === 0) this.#cautious = false;
  }

  /**
   * The database looked at the parcel and will not take it. Returns the results that are given up because even their
   * bare failure was refused.
   */
  refused(parcel: Parcel, reason: string): readonly CommandResult[] {
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
