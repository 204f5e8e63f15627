import { HqError } from '@hq/shared/errors';
import type { Argument, Command } from './command.ts';
import type { Input } from './inbound.ts';
import { usageOf } from './usage.ts';
import type { Vocabulary } from './vocabulary.ts';
import { readWords } from './words.ts';

export type Understanding =
  | {
      readonly kind: 'request';
      readonly command: Command;
      readonly values: Readonly<Record<string, string>>;
      /** Required, and not said. */
      readonly missing: readonly Argument[];
    }
  | { readonly kind: 'fault'; readonly error: HqError };

/** Longer than any command needs; what is longer was pasted by mistake. */
const longestText = 16_000;

/** Finds what is meant by what was typed or picked. Knows nothing of who said it. */
export function understand(
  input: Extract<Input, { kind: 'words' | 'options' }>,
  vocabulary: Vocabulary,
): Understanding {
  try {
    const { command, values } =
      input.kind === 'words' ? typed(input.text, vocabulary) : picked(input.words, input.options, vocabulary);
    for (const argument of command.arguments) checkValue(argument, values[argument.name]);
    const missing = command.arguments.filter(({ name, required }) => required && values[name] === undefined);
    return { kind: 'request', command, values, missing };
  } catch (error) {
    if (error instanceof HqError) return { kind: 'fault', error };
    throw error;
  }
}

interface Said {
  readonly command: Command;
  readonly values: Readonly<Record<string, string>>;
}

function typed(text: string, vocabulary: Vocabulary): Said {
  if (text.length > longestText) throw new HqError('usage', 'That is too long for a command.');
  const { positional, named } = readWords(text);
  const [first] = positional;
  const words = first?.toLowerCase() === 'run' && positional.length > 1 ? positional.slice(1) : positional;
  const found = vocabulary.find(words.length === 0 ? ['help'] : words);
  if (found === null) throw unknown(words[0] ?? '', vocabulary);
  return { command: found.command, values: place(found.command, found.rest, named) };
}

function picked(
  words: readonly string[],
  options: Readonly<Record<string, string>>,
  vocabulary: Vocabulary,
): Said {
  const command = vocabulary.byName(words.at(-1) ?? 'help');
  if (command === undefined) throw unknown(words.join(' '), vocabulary);
  const given = Object.entries(options).filter(([, value]) => value !== '');
  return { command, values: place(command, [], new Map(given)) };
}

function unknown(word: string, vocabulary: Vocabulary): HqError {
  const near = vocabulary.near(word);
  return new HqError('usage', `There is no command “${word.slice(0, 60)}”.`, {
    hint: near.length === 0 ? 'Say help for what there is.' : `Did you mean ${near.join(', ')}?`,
  });
}

/** Gives every word its argument: required ones first, and before them the agent where there are words enough. */
function place(
  command: Command,
  words: readonly string[],
  named: ReadonlyMap<string, string>,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [key, value] of named) {
    const argument = command.arguments.find(({ name }) => name === key);
    if (argument === undefined) throw noArgument(command, key);
    values[argument.name] = value;
  }
  const left = [...words];
  if (!command.arguments.some(({ rest }) => rest === true)) pickChoices(command, left, values);
  const open = command.arguments.filter(({ name }) => values[name] === undefined);
  const required = open.filter((argument) => argument.required);
  const optional = open.filter((argument) => !argument.required);
  const targets = optional.filter(({ isTarget }) => isTarget === true);
  // `set_budget writer 25` and, where the channel has an agent, `set_budget 25`.
  const order =
    left.length > required.length && targets.some(({ name }) => name === 'agent')
      ? [...targets, ...required, ...optional.filter((argument) => !targets.includes(argument))]
      : [...required, ...optional];
  for (const argument of order) {
    if (left.length === 0) break;
    values[argument.name] = argument.rest === true ? left.splice(0).join(' ') : (left.shift() ?? '');
  }
  const [extra] = left;
  if (extra !== undefined) {
    throw new HqError('usage', `“${extra.slice(0, 60)}” is one word too many.`, { hint: usageOf(command) });
  }
  return values;
}

/** A word that is one of an optional argument's choices is that argument's, wherever it stands: `bind operator`. */
function pickChoices(command: Command, left: string[], values: Record<string, string>): void {
  for (const { name, required, choices } of command.arguments) {
    if (required || choices === undefined || values[name] !== undefined) continue;
    const known = new Set(choices.map(({ value }) => value));
    const at = left.findIndex((word) => known.has(word));
    const [word] = at < 0 ? [] : left.splice(at, 1);
    if (word !== undefined) values[name] = word;
  }
}

function checkValue({ name, kind, choices, min, max }: Argument, value: string | undefined): void {
  if (value === undefined) return;
  const wrong = (what: string): HqError =>
    new HqError('usage', `“${value.slice(0, 60)}” is not ${what}.`, { field: name });
  if (kind === 'choice' && !choices?.some((choice) => choice.value === value)) {
    throw wrong(`one of ${choices?.map((choice) => choice.value).join(', ')}`);
  }
  if (kind === 'boolean' && value !== 'true' && value !== 'false') throw wrong('true or false');
  if (kind !== 'integer' && kind !== 'number') return;
  const isNumber = kind === 'integer' ? /^-?\d{1,12}$/.test(value) : /^-?\d{1,12}(\.\d{1,6})?$/.test(value);
  if (!isNumber) throw wrong(kind === 'integer' ? 'a whole number' : 'a number');
  if (min !== undefined && Number(value) < min) throw wrong(`at least ${min}`);
  if (max !== undefined && Number(value) > max) throw wrong(`at most ${max}`);
}

function noArgument(command: Command, key: string): HqError {
  return new HqError('usage', `${command.name} takes no “${key.slice(0, 60)}”.`, {
    field: key,
    hint: usageOf(command),
  });
}
