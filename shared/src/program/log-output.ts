import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { fileFault } from './file-fault.ts';
import { withinLimit } from './time-limit.ts';

const stdout = 1;
/** Characters that may wait for the reader of a pipe. */
const mostWaiting = 1024 * 1024;

/**
 * Writes lines to standard output and never waits for it. A line that cannot be written, because the disk is full or
 * nobody reads the pipe, is dropped and counted; the next line that can be written says how many were.
 */
class LogOutput {
  /** Null before the first line. */
  #send: Send | null = null;
  #dropped = 0;
  #reason = '';

  write(line: string): void {
    if (this.#dropped > 0) this.#report();
    if (this.#dropped > 0) this.#dropped += 1;
    else this.#tryToSend(line, 1);
  }

  /** Returns the reason why lines are dropped, and tries again to write; null once that worked. */
  problem(): string | null {
    if (this.#dropped === 0) return null;
    const sentence = `The log cannot be written: ${this.#reason}. Lines lost: ${this.#dropped}.`;
    this.#report();
    return sentence;
  }

  /** Waits for the reader of a pipe, at most this long. */
  async flush(limitMs = 500): Promise<void> {
    if (process.stdout.writableLength === 0) return;
    await withinLimit(limitMs, new Promise((resolve) => process.stdout.write('', resolve)));
  }

  #report(): void {
    const lost = this.#dropped;
    const time = new Date().toISOString();
    const line = { level: 'warn', time, dropped: lost, msg: `lines were lost: ${this.#reason}` };
    this.#dropped = 0;
    this.#tryToSend(`${JSON.stringify(line)}\n`, lost);
  }

  /** Counts `lines` as dropped if the text cannot be written, now or later. */
  #tryToSend(text: string, lines: number): void {
    const onFault = (reason: string): void => {
      this.#dropped += lines;
      this.#reason = reason;
    };
    try {
      this.#send ??= isPipe() ? sendToPipe : fileSender();
      this.#send(text, onFault);
    } catch (error) {
      onFault(fileFault(error));
    }
  }
}

/** Output of this process's log. */
export const logOutput = new LogOutput();

/** Throws the error of the file system, or calls `onFault` with a reason. */
type Send = (text: string, onFault: (reason: string) => void) => void;

/** Adds the text to the queue that Node keeps for a pipe or a socket, unless it is full. */
const sendToPipe: Send = (text, onFault) => {
  const { stdout: pipe } = process;
  if (pipe.listenerCount('error') === 0) pipe.on('error', () => undefined);
  if (pipe.writableLength + text.length > mostWaiting) onFault('nobody reads it');
  else pipe.write(text, (error) => error && onFault('its reader is gone'));
};

function fileSender(): Send {
  const descriptor = isatty(stdout) ? withoutWaiting() : stdout;
  /** True after a line of which only a part was written. */
  let isCut = false;
  return (text) => {
    const bytes = Buffer.from(isCut ? `\n${text}` : text);
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(descriptor, bytes, at);
      isCut = at < bytes.length;
    }
  };
}

function isPipe(): boolean {
  const stats = fstatSync(stdout);
  return stats.isFIFO() || stats.isSocket();
}

/** Opens this terminal again in a mode in which a stopped one (Ctrl-S) refuses a line instead of stopping the process. */
function withoutWaiting(): number {
  try {
    return openSync(
      `/proc/self/fd/${stdout}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch {
    // There is no /proc on this system, or the terminal belongs to another user.
    return stdout;
  }
}
