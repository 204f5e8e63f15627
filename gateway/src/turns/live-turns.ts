import { LiveTurn, type RunTurn } from './live-turn.ts';

/** Milliseconds for which the end of a turn is kept. OpenClaw itself can be asked afterwards. */
const keepEndedMs = 10 * 60_000;

/** Turns that outlive the requests that began them, by their run ids. */
export class LiveTurns {
  readonly #turns = new Map<string, LiveTurn>();
  readonly #keepMs: number;

  constructor(keepMs = keepEndedMs) {
    this.#keepMs = keepMs;
  }

  find(runId: string): LiveTurn | undefined {
    return this.#turns.get(runId);
  }

  /** Returns the turn of this run, and begins it where there is none. */
  begin(runId: string, run: RunTurn): LiveTurn {
    const known = this.#turns.get(runId);
    if (known !== undefined) return known;
    const turn = new LiveTurn(run);
    this.#turns.set(runId, turn);
    void this.#forgetLater(runId, turn);
    return turn;
  }

  async #forgetLater(runId: string, turn: LiveTurn): Promise<void> {
    const end = await turn.ended.catch(() => null);
    const forget = () => this.#turns.delete(runId);
    // OpenClaw is asked again where it did not say how the turn ended.
    if (end === null || end.state === 'unknown') forget();
    else setTimeout(forget, this.#keepMs).unref();
  }
}
