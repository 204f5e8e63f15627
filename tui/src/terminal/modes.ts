import { writeSync } from 'node:fs';

/** A terminal that is written to. */
export type TerminalOutput = NodeJS.WriteStream & { readonly fd: number };

const pasteOn = '\u001b[?2004h';
const pasteOff = '\u001b[?2004l';
const mouseOn = '\u001b[?1002h\u001b[?1006h';
const mouseOff = '\u001b[?1006l\u001b[?1002l';

/** The modes of the terminal that we turn on ourselves, and how all of them go off again, whatever happens. */
export class Modes {
  readonly #output: TerminalOutput;
  #isActive = false;
  #hasMouse = false;

  constructor(output: TerminalOutput) {
    this.#output = output;
  }

  on(): void {
    this.#isActive = true;
    this.#output.write(pasteOn + (this.#hasMouse ? mouseOn : ''));
  }

  off(): void {
    if (!this.#isActive) return;
    this.#isActive = false;
    this.#output.write(this.#offSequence());
  }

  setMouse(isOn: boolean): void {
    this.#hasMouse = isOn;
    if (this.#isActive) this.#output.write(isOn ? mouseOn : mouseOff);
  }

  /** For the very end, when nothing may be waited for. */
  offAtOnce(): void {
    if (!this.#isActive) return;
    this.#isActive = false;
    try {
      writeSync(this.#output.fd, this.#offSequence());
    } catch {
      // The terminal is gone, and its modes with it.
    }
  }

  #offSequence(): string {
    return pasteOff + (this.#hasMouse ? mouseOff : '');
  }
}
