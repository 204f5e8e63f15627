import { PassThrough, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import packageFile from '../package.json' with { type: 'json' };
import { runCall } from '../src/cli/run-call.ts';

class Screen extends Writable {
  readonly isTTY = true;
  readonly columns: number;
  written = '';
  #onWrite: () => void = () => undefined;

  constructor(columns: number) {
    super();
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written += chunk.toString();
    this.#onWrite();
    done();
  }

  waitFor(pattern: RegExp | string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`no ${pattern} in:\n${this.written}`)), timeoutMs);
      this.#onWrite = () => {
        const isThere =
          typeof pattern === 'string' ? this.written.includes(pattern) : pattern.test(this.written);
        if (!isThere) return;
        this.#onWrite = () => undefined;
        clearTimeout(limit);
        resolve();
      };
      this.#onWrite();
    });
  }
}

/** A call of hq-tui inside this process on a terminal that echoes nothing. A test of the echo needs a real one. */
export interface TerminalCall {
  /** Everything that was written to standard output and standard error. */
  readonly written: string;
  /** The same without escape sequences. */
  readonly text: string;
  readonly exitCode: Promise<number>;
  press(keys: string): void;
  waitFor(pattern: RegExp | string): Promise<void>;
}

export function callOnTerminal(
  args: readonly string[],
  { env, columns = 80 }: { readonly env: Readonly<Record<string, string>>; readonly columns?: number },
): TerminalCall {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const screen = new Screen(columns);
  const host = {
    env: { TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
    stdin,
    stdout: screen,
    stderr: screen,
  };
  const exitCode = runCall(host, args, packageFile.version);
  return {
    get written() {
      return screen.written;
    },
    get text() {
      return stripVTControlCharacters(screen.written);
    },
    exitCode,
    press: (keys) => void stdin.write(keys),
    waitFor: (pattern) => screen.waitFor(pattern, 60_000),
  };
}
