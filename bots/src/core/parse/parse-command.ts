import { HqError } from '@hq/shared/errors';
import type { Argument, ArgumentValues, CommandDefinition } from '../../contract/command.ts';
import type { Input } from '../../contract/inbound.ts';
import { assignArguments } from './assign-arguments.ts';
import type { CommandRegistry, FoundCommand } from './command-registry.ts';
import { parseValues } from './parse-value.ts';
import { quote } from './quote.ts';
import { tokenize } from './tokenize.ts';

export interface ParsedCommand<C> {
  readonly command: C;
  readonly values: ArgumentValues;
  /** Required arguments without a value. */
  readonly missing: readonly Argument[];
}

/** UTF-16 units. No command needs more; a longer text was pasted by mistake. */
const maxText = 16_000;
const article = /^(?:the|an?|my)$/iu;
const id = /^[`'"(#]*[0-9a-f]{8}[0-9a-f-]{0,28}\W*$/iu;
const courtesy = /^(?:[/!@]?hq|run|please|pls)[:,]?$/iu;

/** Finds the command and its values in typed or picked input. Throws an `HqError` of code `usage`. */
export function parseCommand<C extends CommandDefinition>(
  input: Extract<Input, { kind: 'words' | 'options' }>,
  registry: CommandRegistry<C>,
): ParsedCommand<C> {
  const { command, values } =
    input.kind === 'words'
      ? parseTyped(input.text, registry)
      : parsePicked(input.words, input.options, registry);
  const parsed = parseValues(command, values);
  const missing = command.arguments.filter(({ name, required }) => required && parsed[name] === undefined);
  return { command, values: parsed, missing };
}

type AssignedCommand<C> = Omit<ParsedCommand<C>, 'missing'>;

function parseTyped<C extends CommandDefinition>(
  text: string,
  registry: CommandRegistry<C>,
): AssignedCommand<C> {
  if (text.length > maxText) throw new HqError('usage', 'That is too long for a command.');
  const { positional, named } = tokenize(text);
  let words = positional;
  while (words.length > 1 && courtesy.test(words[0] ?? '')) words = words.slice(1);
  const found = findCommand(registry, words.length === 0 ? ['help'] : words);
  if (found === null) throw unknownCommand(words[0] ?? '', registry);
  return { command: found.command, values: assignArguments(found.command, found.rest, named) };
}

/** Ignores articles: `restart the gateway alpha`. With an id, `commands 1a2b3c4d` is `command 1a2b3c4d`. */
function findCommand<C extends CommandDefinition>(
  registry: CommandRegistry<C>,
  words: readonly string[],
): FoundCommand<C> | null {
  const verbatim = registry.find(words);
  const bare = words.filter((word, at) => at === 0 || at > 2 || !article.test(word));
  const withoutArticles = registry.find(bare);
  const found =
    withoutArticles !== null &&
    bare.length - withoutArticles.rest.length > words.length - (verbatim?.rest ?? words).length
      ? withoutArticles
      : verbatim;
  const [only, ...more] = found?.rest ?? [];
  const singular = found === null ? undefined : registry.byName(found.command.name.replace(/s$/u, ''));
  return found !== null && singular !== undefined && only !== undefined && more.length === 0 && id.test(only)
    ? { command: singular, rest: found.rest }
    : found;
}

function parsePicked<C extends CommandDefinition>(
  path: readonly string[],
  options: ArgumentValues,
  registry: CommandRegistry<C>,
): AssignedCommand<C> {
  const command = registry.byPath(path);
  if (command === undefined) throw unknownCommand(path.join(' '), registry);
  const given = Object.entries(options).filter(([, value]) => value !== '');
  return { command, values: assignArguments(command, [], new Map(given)) };
}

function unknownCommand(word: string, registry: CommandRegistry): HqError {
  const shown = quote(word);
  const continued = registry.startingWith(word);
  if (continued.length > 0) {
    return new HqError('usage', `${shown} is the beginning of several commands.`, {
      hint: `Use one of ${continued.slice(0, 6).join(', ')}.`,
    });
  }
  const similar = registry.similar(word);
  return new HqError('usage', `There is no command ${shown}.`, {
    hint: similar.length === 0 ? 'Type `help` to see the commands.' : `Did you mean ${similar.join(', ')}?`,
  });
}
