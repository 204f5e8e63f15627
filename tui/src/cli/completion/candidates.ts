import { isActionName } from '@hq/shared/actions';
import type { Command, Option } from 'commander';
import { payloadFields } from '../../actions/payload.ts';
import type { Candidate, KnownNames } from './known-names.ts';

type NamesReader = () => Promise<KnownNames>;

/** Returns the candidates for the last of the words. */
export async function completionCandidates(
  program: Command,
  words: readonly string[],
  names: NamesReader,
): Promise<Candidate[]> {
  const begun = words.at(-1) ?? '';
  const candidates = await candidatesFor(program, words.slice(0, -1), begun, names);
  return candidates.filter(({ value }) => value.startsWith(begun));
}

async function candidatesFor(
  program: Command,
  before: readonly string[],
  begun: string,
  names: NamesReader,
): Promise<Candidate[]> {
  const { command, awaits, given } = walk(program, before);
  if (awaits !== null) return valuesOf(command, awaits, names);
  if (begun.startsWith('-')) return optionsOf(command, program);
  const children = command.commands.filter((child) => child.name() !== 'complete');
  if (children.length > 0)
    return children.map((child) => ({ value: child.name(), about: child.summary() || child.description() }));
  const argument = command.registeredArguments[given];
  if (argument === undefined) return optionsOf(command, program);
  if (argument.argChoices)
    return argument.argChoices.map((value) => ({ value, about: argument.description }));
  if (argument.name() === 'id') return (await names()).commands;
  // A new secret has a name that is not known yet.
  return argument.name() === 'key' && command.name() !== 'set' ? (await names()).secrets : [];
}

/** Follows the words before the last: the command they lead to, the option that awaits a value, the arguments given. */
function walk(
  program: Command,
  words: readonly string[],
): { command: Command; awaits: Option | null; given: number } {
  let command = program;
  let awaits: Option | null = null;
  let given = 0;
  for (const word of words) {
    if (awaits !== null) {
      awaits = null;
      continue;
    }
    const option = [...command.options, ...program.options].find(
      (one) => one.long === word || one.short === word,
    );
    if (option !== undefined) {
      awaits = option.required || option.optional ? option : null;
      continue;
    }
    const child = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (child === undefined) given += 1;
    else command = child;
  }
  return { command, awaits, given };
}

async function valuesOf(command: Command, option: Option, names: NamesReader): Promise<Candidate[]> {
  if (option.argChoices) return option.argChoices.map((value) => ({ value, about: option.description }));
  switch (option.attributeName()) {
    case 'gateway':
      return (await names()).gateways;
    case 'agent':
      return (await names()).agents;
    case 'set':
      return settingsOf(command.name());
    default:
      return [];
  }
}

function settingsOf(action: string): Candidate[] {
  if (!isActionName(action)) return [];
  return payloadFields(action).flatMap((field) =>
    field.choices.length > 0
      ? field.choices.map((choice) => ({ value: `${field.name}=${choice}`, about: field.description }))
      : [{ value: `${field.name}=`, about: field.description }],
  );
}

function optionsOf(command: Command, program: Command): Candidate[] {
  const own = command === program ? program.options : [...command.options, ...program.options];
  return own
    .filter((option) => option.long !== '--version' || command === program)
    .map((option) => ({ value: option.long ?? option.flags, about: option.description }))
    .concat({ value: '--help', about: 'help' });
}
