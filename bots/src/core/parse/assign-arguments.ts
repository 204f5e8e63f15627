import { HqError } from '@hq/shared/errors';
import type { Argument, CommandDefinition } from '../../contract/command.ts';
import { normalizeChoice } from './parse-value.ts';
import { quote } from './quote.ts';
import { usageOf } from './usage.ts';

/** Prepositions before an argument, and words of courtesy. */
const filler = /^(?:to|of|for|from|on|by|at|is|please|pls|now|usd|dollars?)[.!]?$/iu;
const timeUnit = '(?:m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)';
const unitOfTime = new RegExp(`^${timeUnit}[.!]?$`, 'iu');
const span = new RegExp(`^\\d{1,5}${timeUnit}?[.!]?$`, 'iu');

/** Assigns words to arguments: required ones first, after the agent if there are enough words. */
export function assignArguments(
  command: CommandDefinition,
  words: readonly string[],
  named: ReadonlyMap<string, string>,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [key, value] of named) values[argumentNamed(command, key).name] = value;
  const takesAll = command.arguments.some(({ rest }) => rest === true);
  const left = takesAll ? [...words] : words.filter((word) => !filler.test(word));
  if (!takesAll) {
    pickNamed(command, left, values);
    pickChoices(command, left, values);
    pickNumber(command, left, values);
  }
  const open = command.arguments.filter(({ name }) => values[name] === undefined);
  const required = open.filter((argument) => argument.required);
  const optional = open.filter((argument) => !argument.required);
  const targets = optional.filter(({ isTarget }) => isTarget === true);
  // `set_budget writer 25` and `set_budget writer`, but `set_budget 25` where the channel has an agent.
  const isForTarget = left.length > required.length || !mayBe(required[0], left[0]);
  const order =
    isForTarget && targets.some(({ name }) => name === 'agent')
      ? [...targets, ...required, ...optional.filter((argument) => !targets.includes(argument))]
      : [...required, ...optional];
  for (const argument of order) {
    if (left.length === 0) break;
    values[argument.name] = argument.rest === true ? left.splice(0).join(' ') : (left.shift() ?? '');
  }
  const [extra] = left;
  if (extra !== undefined) {
    throw new HqError('usage', `${quote(extra)} is one word too many.`, { hint: usageOf(command) });
  }
  return values;
}

/** Returns true if the argument accepts the word: numbers and amounts contain a digit. */
function mayBe(argument: Argument | undefined, word = ''): boolean {
  if (argument === undefined) return true;
  const counts = argument.kind === 'integer' || argument.kind === 'number' || argument.unit !== undefined;
  return !counts || /^\W*\d|^none$/iu.test(word);
}

/** Finds an argument by its name or an unambiguous beginning: `limit=25` is `limit_usd=25`. */
function argumentNamed(command: CommandDefinition, key: string): Argument {
  const begun = command.arguments.filter(({ name }) => name === key || name.startsWith(`${key}_`));
  const found = begun.find(({ name }) => name === key) ?? (begun.length === 1 ? begun[0] : undefined);
  if (found !== undefined) return found;
  throw new HqError('usage', `${command.name} takes no ${quote(key)}.`, {
    field: key,
    hint: usageOf(command),
  });
}

/** Takes the word after an argument's name as its value: `logs gateway alpha tail 50`. */
function pickNamed(command: CommandDefinition, left: string[], values: Record<string, string>): void {
  for (const { name } of command.arguments) {
    const at = left.findIndex((word) => word.toLowerCase() === name);
    if (values[name] !== undefined || at < 0 || at === left.length - 1) continue;
    const [, value = ''] = left.splice(at, 2);
    values[name] = value;
  }
}

/** Takes a choice as the value of its argument, at any position: `bind operator`. */
function pickChoices(command: CommandDefinition, left: string[], values: Record<string, string>): void {
  for (const { name, choices } of command.arguments) {
    if (choices === undefined || values[name] !== undefined) continue;
    const known = new Set(choices.map(({ value }) => value));
    // `in progress` is two words of one choice.
    for (const count of [2, 1]) {
      const wordAt = (at: number): string => normalizeChoice(left.slice(at, at + count).join('_'));
      const at = left.findIndex((_word, index) => known.has(wordAt(index)));
      if (at < 0) continue;
      values[name] = wordAt(at);
      left.splice(at, count);
      break;
    }
  }
}

/** Takes a number for an optional argument if no required one needs it: `logs alpha 50`. */
function pickNumber(command: CommandDefinition, left: string[], values: Record<string, string>): void {
  const wanted = command.arguments.find(
    ({ name, kind, required }) => !required && kind === 'integer' && values[name] === undefined,
  );
  const required = command.arguments.filter(
    (argument) => argument.required && values[argument.name] === undefined,
  );
  if (wanted === undefined || left.length <= required.length) return;
  const number = wanted.unit === 'minutes' ? span : /^\d{1,5}$/;
  const at = left.findIndex((word) => number.test(word));
  if (at < 0) return;
  const isApart = wanted.unit === 'minutes' && unitOfTime.test(left[at + 1] ?? '');
  values[wanted.name] = left.splice(at, isApart ? 2 : 1).join('');
}
