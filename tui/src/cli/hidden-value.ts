import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import { SecretBuffer } from '../secrets/secret-buffer.ts';
import { readValueFrom } from '../secrets/value-file.ts';
import type { Input } from '../terminal/input.ts';
import { InputReader, type TerminalInput } from '../terminal/input-reader.ts';
import type { Console } from './console.ts';

/** How long the rest of a paste may take to come. */
const swallowMs = 200;
const bracketedPaste = { on: '\u001b[?2004h', off: '\u001b[?2004l' };

/** A value from standard input: typed unseen, twice, on a terminal; else whatever comes, without its last newline. */
export async function readHiddenValue(console: Console, keepNewline: boolean): Promise<string> {
  if (!process.stdin.isTTY) return readValueFrom(process.stdin, keepNewline);
  if (!console.canAsk) {
    throw new HqError('usage', 'There is no terminal to ask for the value on.', {
      hint: 'Pipe it in, or name a file with --file.',
    });
  }
  const { stdin, stderr } = process;
  // Before anything is asked, and until the end: a terminal shows what comes while it is not raw.
  stdin.setRawMode(true);
  stderr.write(bracketedPaste.on);
  try {
    const value = await askHidden('Value (not shown; several lines may be pasted): ');
    if (value === (await askHidden('The same once more: '))) return value;
    throw new HqError('usage', 'The two are not the same, so nothing was stored.', {
      hint: 'What has several lines goes in by a pipe or with --file.',
    });
  } catch (failure) {
    await swallow();
    throw failure;
  } finally {
    stderr.write(bracketedPaste.off);
    stdin.setRawMode(false);
  }
}

/** Asks for text that is not shown. A paste may have several lines; the enter key ends it. */
async function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  const typed = new SecretBuffer();
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const hear = (input: Input): void => {
    if (input.type !== 'key' && input.type !== 'paste') return;
    const name = input.type === 'key' ? input.name : '';
    const isLeaving = name === 'ctrl-c' || name === 'escape';
    if (!isLeaving && name !== 'enter' && name !== 'ctrl-d') {
      typed.press(input);
      return;
    }
    // At once: what else came with it was pasted into a terminal that does not say so, and belongs to nobody.
    keyboard.stop();
    if (isLeaving) reject(nothingDone());
    else resolve();
  };
  const input: TerminalInput = {
    on: stdin.on.bind(stdin),
    off: stdin.off.bind(stdin),
    pause: stdin.pause.bind(stdin),
    resume: stdin.resume.bind(stdin),
  };
  const keyboard = new InputReader(input, hear, () => reject(nothingDone()));
  keyboard.start();
  stderr.write(question);
  try {
    await ended;
    return typed.take();
  } finally {
    keyboard.stop();
    stderr.write('\n');
  }
}

/** The rest of a paste that ended half-way is not left to the shell. */
async function swallow(): Promise<void> {
  const { stdin } = process;
  const ignore = (): void => undefined;
  stdin.on('data', ignore);
  stdin.resume();
  await delay(swallowMs);
  stdin.off('data', ignore);
  stdin.pause();
}

function nothingDone(): HqError {
  return new HqError('cancelled', 'Nothing was done.');
}
