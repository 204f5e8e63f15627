import type { CommandResult, ExchangeRequest } from './exchange.ts';
import type { LeasedCommand } from './leased-command.ts';
import type { OutputChunk } from './output.ts';

interface Finished {
  readonly leased: LeasedCommand;
  readonly result: CommandResult;
}

/** Results, output and progress that one exchange sends. */
export interface Batch {
  readonly finished: readonly Finished[];
  readonly chunks: readonly { readonly leased: LeasedCommand; readonly chunks: readonly OutputChunk[] }[];
  readonly progress: ExchangeRequest['progress'];
}

const mostChunks = 64;
const mostResults = 64;

/**
 * Keeps everything that the database has not accepted yet. A result goes out with or after the last output of its
 * command, so that a command that is done has shown all its output.
 */
export class Outbox {
  #finished: Finished[] = [];
  /** Sends one result at a time after a refused batch, to find the one that the database cannot store. */
  #oneByOne = false;

  add(leased: LeasedCommand, result: CommandResult): void {
    this.#finished.push({ leased, result });
  }

  get hasResults(): boolean {
    return this.#finished.length > 0;
  }

  commandIds(): string[] {
    return this.#finished.map(({ leased }) => leased.command.id);
  }

  /** Returns the lease tokens of the results that wait; this runner still holds those leases. */
  tokens(): string[] {
    return this.#finished.map(({ leased }) => leased.token);
  }

  takeBatch(running: Iterable<LeasedCommand>): Batch {
    if (this.#oneByOne) return { finished: this.#finished.slice(0, 1), chunks: [], progress: [] };
    const finished: Finished[] = [];
    const chunks: { leased: LeasedCommand; chunks: readonly OutputChunk[] }[] = [];
    let left = mostChunks;
    const takeOutput = (leased: LeasedCommand): boolean => {
      const waiting = leased.output.take(left + 1);
      const fits = waiting.length <= left;
      const sent = fits ? waiting : waiting.slice(0, left);
      left -= sent.length;
      if (sent.length > 0) chunks.push({ leased, chunks: sent });
      return fits;
    };
    for (const entry of this.#finished.slice(0, mostResults)) {
      if (takeOutput(entry.leased)) finished.push(entry);
    }
    const progress: { token: string; percent: number | null; note: string | null }[] = [];
    for (const leased of running) {
      takeOutput(leased);
      const latest = leased.takeProgress();
      if (latest !== null) progress.push({ token: leased.token, ...latest });
    }
    return { finished, chunks, progress };
  }

  onAccepted(batch: Batch): void {
    const accepted = new Set(batch.finished);
    this.#finished = this.#finished.filter((entry) => !accepted.has(entry));
    for (const { leased, chunks } of batch.chunks) leased.output.acknowledge(chunks);
    if (this.#finished.length === 0) this.#oneByOne = false;
  }

  /**
   * Handles a batch that the database rejected as invalid: replaces a result that cannot be stored by a bare failure.
   * Returns the results that are dropped because even the bare failure was rejected.
   */
  onRefused(batch: Batch, reason: string): readonly CommandResult[] {
    if (!this.#oneByOne) {
      this.#oneByOne = true;
      for (const { leased, chunks } of batch.chunks) leased.output.acknowledge(chunks);
      return [];
    }
    const [rejected] = batch.finished;
    if (rejected === undefined) {
      this.#oneByOne = false;
      return [];
    }
    this.#finished = this.#finished.filter((entry) => entry !== rejected);
    const bare = bareFailure(rejected.result.token, `the result could not be stored: ${reason}`);
    if (rejected.result.error_message === bare.error_message) return [rejected.result];
    this.#finished.unshift({ leased: rejected.leased, result: bare });
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
