import { HqError } from '@hq/shared/errors';
import { chatLine } from '@hq/shared/text';
import {
  type Argument,
  argumentLabel,
  type CommandDefinition,
  type Completion,
} from '../../contract/command.ts';
import { quote } from './quote.ts';

/** Names and ids are lower case, without the punctuation that people type around them. */
const inSmallLetters: ReadonlySet<Completion> = new Set([
  'gateway',
  'agent',
  'command',
  'unfinished',
  'task',
  'deliverable',
  'alert',
]);
const around = /^[\s`'"“”‘’«»<([{#@]+|[\s`'"“”‘’«»>)\]}.,;:!?…]+$/gu;
const minutesIn: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1_440, w: 10_080 };
const yes = new Set(['true', 'yes', 'y', 'on']);
const no = new Set(['false', 'no', 'n', 'off']);

/** Parses the values of a command. Throws an `HqError` for the first invalid one. */
export function parseValues(
  command: CommandDefinition,
  written: Readonly<Record<string, string>>,
): Record<string, string> {
  const values = command.arguments.flatMap((argument) => {
    const value = written[argument.name];
    return value === undefined ? [] : [[argument.name, parseValue(argument, value)] as const];
  });
  return { ...written, ...Object.fromEntries(values) };
}

/** The errors of all invalid values, by the names of their arguments. */
export function problemsOf(
  command: CommandDefinition,
  written: Readonly<Record<string, string>>,
): Record<string, HqError> {
  const problems = Object.entries(written).flatMap(([name, value]): [string, HqError][] => {
    try {
      parseValues(command, { [name]: value });
      return [];
    } catch (error) {
      if (error instanceof HqError) return [[name, error]];
      throw error;
    }
  });
  return Object.fromEntries(problems);
}

/** Parses one value. Throws an `HqError` that names the argument if it is invalid. */
function parseValue(argument: Argument, written: string): string {
  const { name, kind, choices, min, max } = argument;
  const wrong = (what: string): HqError =>
    new HqError('usage', `${argumentLabel(argument)}: ${quote(written)} is not ${what}.`, {
      field: name,
    });
  if (kind === 'choice') {
    const value = normalizeChoice(written);
    if (choices?.some((choice) => choice.value === value)) return value;
    throw wrong(`one of ${choices?.map(({ label }) => label).join(', ')}`);
  }
  if (kind === 'boolean') {
    const value = bare(written).toLowerCase();
    if (yes.has(value)) return 'true';
    if (no.has(value)) return 'false';
    throw wrong('yes or no');
  }
  if (kind === 'text') {
    if (written !== '' && chatLine(written) === '')
      throw new HqError('usage', `${argumentLabel(argument)} has no visible character.`, { field: name });
    if (argument.unit === 'usd') return amountOf(written);
    return argument.completion !== null && inSmallLetters.has(argument.completion)
      ? bare(written).toLowerCase()
      : written;
  }
  const value = numberOf(argument, written);
  const isNumber = kind === 'integer' ? /^-?\d{1,12}$/.test(value) : /^-?\d{1,12}(\.\d{1,6})?$/.test(value);
  if (!isNumber) throw wrong(kind === 'integer' ? 'a whole number' : 'a number');
  if (min !== undefined && Number(value) < min) throw wrong(`at least ${min}`);
  if (max !== undefined && Number(value) > max) throw wrong(`at most ${max}`);
  return value;
}

/** Removes quotes, brackets and punctuation around a value. */
function bare(written: string): string {
  return written.replaceAll(around, '');
}

export function normalizeChoice(written: string): string {
  return bare(written)
    .toLowerCase()
    .replaceAll(/[\s-]+/gu, '_');
}

function numberOf({ unit }: Argument, written: string): string {
  if (unit === 'usd') return amountOf(written);
  if (unit !== 'minutes') return bare(written);
  // `2h`, `90 min`, `1 day`.
  const match = /^(\d{1,5})\s*(m|h|d|w)[a-z]*$/iu.exec(bare(written));
  const [, count, letter = ''] = match ?? [];
  return count === undefined ? bare(written) : String(Number(count) * (minutesIn[letter.toLowerCase()] ?? 1));
}

/** Accepts `$25`, `25 USD` and `25,50`. */
function amountOf(written: string): string {
  const amount = bare(written.replaceAll(/\$|usd|dollars?/giu, ''));
  return /^\d+,\d{1,2}$/.test(amount) ? amount.replace(',', '.') : amount.toLowerCase();
}
