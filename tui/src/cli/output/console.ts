import type { Readable, Writable } from 'node:stream';
import type { HqError } from '@hq/shared/errors';
import { plain } from '@hq/shared/text';
import { redacted } from '../../redacted.ts';
import { asciiOutput, toAsciiJson, toVisibleJson } from '../../terminal/ascii.ts';
import { prefersUtf8, readCapability } from '../../terminal/capability.ts';
import { createTheme, type Tone } from '../../theme/theme.ts';

type InputStream = Readable & {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
};
export type OutputStream = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** Environment and streams of a call: the process, or what a test gives. */
export interface CallHost {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** Standard output carries data only; messages for people go to standard error. */
export interface Console extends CallHost {
  /** Writes one line of data. */
  print(line: string): void;
  /** Writes one document of data: compact for programs, indented for a terminal. */
  printJson(value: unknown): void;
  /** Writes one line for a person. */
  say(line: string): void;
  /** Colours a part of a line of data, if standard output takes colours. */
  paint(tone: Tone, text: string): string;
  /** Columns that a line of data may take; null without a limit. */
  readonly columns: number | null;
  /** True if a person can answer questions. */
  readonly canAsk: boolean;
}

export function openConsole({ env, stdin, ...streams }: CallHost): Console {
  const isUtf8 = prefersUtf8(env);
  const stdout = isUtf8 ? streams.stdout : asciiOutput(streams.stdout);
  const stderr = isUtf8 ? streams.stderr : asciiOutput(streams.stderr);
  const capability = readCapability(env);
  const theme = createTheme({ ...capability, ground: null });
  const isColoured = stdout.isTTY === true && env.TERM !== 'dumb';
  return {
    env,
    stdin,
    stdout,
    stderr,
    print: (line) => void stdout.write(`${line}\n`),
    printJson(value) {
      const json = JSON.stringify(value, null, stdout.isTTY ? 2 : 0);
      stdout.write(`${isUtf8 ? toVisibleJson(json) : toAsciiJson(json)}\n`);
    },
    say: (line) => void stderr.write(`${line}\n`),
    paint: (tone, text) => (isColoured ? theme.paint(tone, text) : text),
    columns: stdout.isTTY ? (stdout.columns ?? null) : null,
    canAsk: stdin.isTTY === true && stderr.isTTY === true && env.TERM !== 'dumb',
  };
}

/** Returns an error for a person: the field, the message and the next step. */
export function errorText(error: HqError): string {
  const { field = '' } = error;
  const message = error.message.startsWith(field) ? error.message : `${plain(field)}: ${error.message}`;
  const hint = error.hint === undefined ? '' : `\n${plain(error.hint)}`;
  return redacted(`hq-tui: ${plain(message)}${hint}`);
}
