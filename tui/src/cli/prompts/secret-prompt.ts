import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import { SecretBuffer } from '../../secrets/secret-buffer.ts';
import { readValueFrom } from '../../secrets/value-file.ts';
import type { Input } from '../../terminal/input.ts';
import { InputReader, type TerminalInput } from '../../terminal/input-reader.ts';
import type { Console } from '../output/console.ts';
import { nothingDone } from './question.ts';

/** Milliseconds until the rest of a paste has arrived. */
const discardMs = 200;
const bracketedPaste = { on: '\u001b[?2004h', off: '\u001b[?2004l' };

/** Reads a value from standard input: typed twice and hidden on a terminal, else to its end without the last newline. */
export async function readSecretValue(console: Console, keepNewline: boolean): Promise<string> {
  const { stdin, stderr } = console;
  if (!stdin.isTTY) return readValueFrom(stdin, keepNewline);
  if (!console.canAsk) {
    throw new HqError('usage', 'There is no terminal to ask for the value on.', {
      hint: 'Pipe it in, or name a file with --file.',
    });
  }
  // Before the question, and until the end: a terminal shows what arrives while it is not raw.
  stdin.setRawMode?.(true);
  stderr.write(bracketedPaste.on);
  try {
    const value = await askHidden(console, 'Value (not shown; several lines may be pasted): ');
    if (value === (await askHidden(console, 'The same once more: '))) return value;
    throw new HqError('usage', 'The two are not the same, so nothing was stored.', {
      hint: 'Pipe a value of several lines in, or use --file.',
    });
  } catch (failure) {
    await discardInput(console);
    throw failure;
  } finally {
    stderr.write(bracketedPaste.off);
    stdin.setRawMode?.(false);
  }
}

/** Asks for text that is not shown. A paste may have several lines; the enter key ends it. */
async function askHidden({ stdin, stderr }: Console, question: string): Promise<string> {
  const typed = new SecretBuffer();
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const onInput = (input: Input): void => {
    if (input.type !== 'key' && input.type !== 'paste') return;
    const name = input.type === 'key' ? input.name : '';
    const isLeaving = name === 'ctrl-c' || name === 'escape';
    if (!isLeaving && name !== 'enter' && name !== 'ctrl-d') {
      typed.press(input);
      return;
    }
    // At once: the rest was pasted into a terminal that does not mark pastes, and must reach nobody.
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
  const keyboard = new InputReader(input, onInput, () => reject(nothingDone()));
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

/** Reads the rest of a paste that ended early, so that the shell does not run it. */
async function discardInput({ stdin }: Console): Promise<void> {
  const ignore = (): void => undefined;
  stdin.on('data', ignore);
  stdin.resume();
  await delay(discardMs);
  stdin.off('data', ignore);
  stdin.pause();
}
