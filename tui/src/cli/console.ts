import type { HqError } from '@hq/shared/errors';
import { plain } from '@hq/shared/text';
import { redacted } from '../redacted.ts';
import { readCapability } from '../terminal/capability.ts';
import { createTheme, type Tone } from '../theme/theme.ts';

/** Standard output holds data and nothing else; everything that is said to a person goes to standard error. */
export interface Console {
  readonly env: NodeJS.ProcessEnv;
  /** One line of data. */
  print(line: string): void;
  /** One document of data: compact for programs, indented for a terminal. */
  printJson(value: unknown): void;
  /** One line for a person. */
  say(line: string): void;
  /** Colours a part of a line of data; gives it unchanged where standard output takes no colours. */
  paint(tone: Tone, text: string): string;
  /** Columns that a line of data may take; null where nobody counts them. */
  readonly columns: number | null;
  /** Whether somebody is there who can answer a question. */
  readonly canAsk: boolean;
}

export function openConsole(process: NodeJS.Process): Console {
  const { env, stdin, stdout, stderr } = process;
  const capability = readCapability(env);
  const theme = createTheme({ ...capability, ground: null });
  const isColoured = stdout.isTTY === true && env.TERM !== 'dumb';
  return {
    env,
    print: (line) => void stdout.write(`${line}\n`),
    printJson: (value) => void stdout.write(`${JSON.stringify(value, null, stdout.isTTY ? 2 : 0)}\n`),
    say: (line) => void stderr.write(`${line}\n`),
    paint: (tone, text) => (isColoured ? theme.paint(tone, text) : text),
    columns: stdout.isTTY ? stdout.columns : null,
    canAsk: stdin.isTTY === true && stderr.isTTY === true && env.TERM !== 'dumb',
  };
}

/** An error for a person: what happened, and what to do next. */
export function tellError(error: HqError): string {
  const field = error.field === undefined ? '' : `${plain(error.field)}: `;
  const message = error.message.startsWith(field) ? error.message : `${field}${error.message}`;
  const hint = error.hint === undefined ? '' : `\n${plain(error.hint)}`;
  return redacted(`hq-tui: ${plain(message)}${hint}`);
}
