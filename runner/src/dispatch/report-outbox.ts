import type { TurnReport } from './exchange.ts';

/** Keeps the reports of turns until the database has them. */
export class ReportOutbox {
  #waiting: TurnReport[] = [];
  /** Sends one report at a time after a refused batch, to find the one that the database cannot store. */
  #oneByOne = false;

  add(report: TurnReport): void {
    this.#waiting.push(report);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  takeBatch(): readonly TurnReport[] {
    return this.#oneByOne ? this.#waiting.slice(0, 1) : [...this.#waiting];
  }

  /** Returns the tokens of the reports that are not in the batch: their turns are this runner's still. */
  tokensBeside(batch: readonly TurnReport[]): string[] {
    return this.#waiting.filter((report) => !batch.includes(report)).map(({ token }) => token);
  }

  onAccepted(batch: readonly TurnReport[]): void {
    this.#waiting = this.#waiting.filter((report) => !batch.includes(report));
    if (this.isEmpty) this.#oneByOne = false;
  }

  /**
   * Handles a batch that the database refused as invalid: the report that cannot be stored goes out bare. Returns the token of
   * a report that is dropped because it was refused even so.
   */
  onRefused(batch: readonly TurnReport[], reason: string): string | null {
    const [refused] = batch;
    if (refused === undefined) return null;
    if (!this.#oneByOne) {
      this.#oneByOne = true;
      return null;
    }
    const { token, outcome } = refused;
    this.#waiting = this.#waiting.filter((report) => report !== refused);
    const bare = { token, outcome, error: `The report could not be stored: ${reason}` };
    if (refused.error === bare.error) return token;
    this.#waiting.unshift(bare);
    return null;
  }
}
