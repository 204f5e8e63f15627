import { setTimeout as delay } from 'node:timers/promises';
import type { ScreenSession } from '../../tui/testing/screen-session.ts';
import { drawCaption } from './draw-row.ts';
import { drawTerminal } from './svg-picture.ts';

/** Everything that was seen at one time: the rows of the terminal, then the caption. */
export interface Frame {
  readonly atMs: number;
  readonly rows: readonly string[];
}

const sampleMs = 40;
/** A program may write a frame in several pieces: a picture is taken once nothing came for this long. */
const quietMs = 25;

/** Records the terminal of a session until it is stopped. */
export class Recording {
  readonly frames: Frame[] = [];
  #caption = '';
  #isOn = true;
  #writtenAt = performance.now();
  readonly #session: ScreenSession;
  readonly #done: Promise<void>;

  constructor(session: ScreenSession) {
    this.#session = session;
    session.terminal.onWriteParsed(() => {
      this.#writtenAt = performance.now();
    });
    this.#done = this.#sample();
  }

  /** Sets the line below the terminal. */
  caption(text: string): void {
    this.#caption = text;
  }

  async stop(): Promise<readonly Frame[]> {
    this.#isOn = false;
    await this.#done;
    return this.frames;
  }

  async #sample(): Promise<void> {
    while (this.#isOn) {
      await delay(sampleMs);
      const now = performance.now();
      if (now - this.#writtenAt < quietMs) continue;
      const { terminal } = this.#session;
      const rows = [...drawTerminal(terminal), drawCaption(this.#caption, terminal.rows)];
      const last = this.frames.at(-1);
      if (last?.rows.every((row, index) => row === rows[index])) continue;
      this.frames.push({ atMs: now, rows });
    }
  }
}
