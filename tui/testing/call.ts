import { PassThrough, Writable } from 'node:stream';
import packageFile from '../package.json' with { type: 'json' };
import { runCall } from '../src/cli/run-call.ts';

export interface CallResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Content of standard input. */
  readonly input?: string;
  /** Receives all of standard error whenever it grows. */
  readonly onStderr?: (soFar: string) => void;
}

class TextStream extends Writable {
  text = '';
  readonly #onText: ((soFar: string) => void) | undefined;

  constructor(onText?: (soFar: string) => void) {
    super({ decodeStrings: false });
    this.#onText = onText;
  }

  override _write(chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    this.#onText?.(this.text);
    done();
  }
}

/** Runs hq-tui once inside this process as a script would: no terminal, and only the given environment in a locale of UTF-8. */
export async function call(
  args: readonly string[],
  { env = {}, input = '', onStderr }: CallOptions = {},
): Promise<CallResult> {
  const stdin = new PassThrough();
  // A call that ends without reading may leave its input.
  stdin.on('error', () => undefined);
  stdin.end(input);
  const stdout = new TextStream();
  const stderr = new TextStream(onStderr);
  const code = await runCall(
    { env: { LANG: 'C.UTF-8', ...env }, stdin, stdout, stderr },
    args,
    packageFile.version,
  );
  return { code, stdout: stdout.text, stderr: stderr.text };
}
