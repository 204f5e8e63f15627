import { createInterface } from 'node:readline/promises';
import { HqError } from '@hq/shared/errors';
import type { Console } from '../output/console.ts';

const interrupt = '\u0003';
const endOfInput = '\u0004';

/** Asks for one line on standard error. Ctrl-C fails with `cancelled`. */
export async function askLine({ stdin, stderr }: Console, question: string): Promise<string> {
  const reader = createInterface({ input: stdin, output: stderr, terminal: true });
  const stop = new AbortController();
  reader.once('SIGINT', () => stop.abort());
  reader.once('close', () => stop.abort());
  try {
    return (await reader.question(question, { signal: stop.signal })).trim();
  } catch (cause) {
    throw nothingDone(cause);
  } finally {
    reader.close();
  }
}

export function nothingDone(cause?: unknown): HqError {
  return new HqError('cancelled', 'Nothing was done.', { cause });
}

/** Asks for a line that is not shown while it is typed. */
export async function askSecret({ stdin, stderr }: Console, question: string): Promise<string> {
  // Before the question: a terminal shows what arrives while it is not raw.
  stdin.setRawMode?.(true);
  stderr.write(question);
  stdin.setEncoding('utf8');
  let typed = '';
  try {
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n' || character === endOfInput) return typed;
        if (character === interrupt) throw nothingDone();
        typed =
          character === '\u007f' || character === '\b' ? [...typed].slice(0, -1).join('') : typed + character;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
    stderr.write('\n');
  }
}

/** Reads the first line of standard input that is no terminal. */
export async function readInputLine({ stdin }: Console): Promise<string> {
  stdin.setEncoding('utf8');
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}
