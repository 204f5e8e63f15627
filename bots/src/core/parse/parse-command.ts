import { HqError } from '@hq/shared/errors';
import type { Argument, Command } from '../../contract/command.ts';
import type { Input } from '../../contract/inbound.ts';
import { assignArguments } from './assign-arguments.ts';
import type { CommandRegistry } from './command-registry.ts';
import { parseValues } from './parse-value.ts';
import { tokenize } from './tokenize.ts';

export type ParseResult =
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
/** What people put before a command that needs none of it. */
const article = /^(?:the|an?|my)$/iu;
const id = /^[`'"(#]*[0-9a-f]{8}[0-9a-f-]{0,28}\W*$/iu;
const courtesy = /^(?:[/!@]?hq|run|please|pls)[:,]?$/iu;

/** Finds what is meant by what was typed or picked. Knows nothing of who said it. */
export function parseCommand(
  input: Extract<Input, { kind: 'words' | 'options' }>,
  registry: CommandRegistry,
): ParseResult {
  try {
    const { command, values } =
      input.kind === 'words'
        ? parseTyped(input.text, registry)
        : parsePicked(input.words, input.options, registry);
    const read = parseValues(command, values);
    const missing = command.arguments.filter(({ name, required }) => required && read[name] === undefined);
    return { kind: 'request', command, values: read, missing };
  } catch (error) {
    if (error instanceof HqError) return { kind: 'fault', error };
    throw error;
  }
}

interface ParsedWords {
  readonly command: Command;
  readonly values: Readonly<Record<string, string>>;
}

function parseTyped(text: string, registry: CommandRegistry): ParsedWords {
  if (text.length > longestText) throw new HqError('usage', 'That is too long for a command.');
  const { positional, named } = tokenize(text);
  let words = positional;
  while (words.length > 1 && courtesy.test(words[0] ?? '')) words = words.slice(1);
  const found = findIn(registry, words.length === 0 ? ['help'] : words);
  if (found === null) throw unknown(words[0] ?? '', registry);
  return { command: found.command, values: assignArguments(found.command, found.rest, named) };
}

/** `restart the gateway alpha` is `restart gateway alpha`, and `commands 1a2b3c4d` is about that one. */
function findIn(registry: CommandRegistry, words: readonly string[]): ReturnType<CommandRegistry['find']> {
  const asSaid = registry.find(words);
  const bare = words.filter((word, at) => at === 0 || at > 2 || !article.test(word));
  const withoutArticles = registry.find(bare);
  const found =
    withoutArticles !== null &&
    bare.length - withoutArticles.rest.length > words.length - (asSaid?.rest ?? words).length
      ? withoutArticles
      : asSaid;
  const [only, ...more] = found?.rest ?? [];
  const one = found === null ? undefined : registry.byName(found.command.name.replace(/s$/u, ''));
  return found !== null && one !== undefined && only !== undefined && more.length === 0 && id.test(only)
    ? { command: one, rest: found.rest }
    : found;
}

function parsePicked(
  path: readonly string[],
  options: Readonly<Record<string, string>>,
  registry: CommandRegistry,
): ParsedWords {
  const command = registry.byPath(path);
  if (command === undefined) throw unknown(path.join(' '), registry);
  const given = Object.entries(options).filter(([, value]) => value !== '');
  return { command, values: assignArguments(command, [], new Map(given)) };
}

function unknown(word: string, registry: CommandRegistry): HqError {
  const shown = word.slice(0, 60);
  const begun = registry.startingWith(word);
  if (begun.length > 0) {
    return new HqError('usage', `“${shown}” may be several things.`, {
      hint: `Say which: ${begun.slice(0, 6).join(', ')}.`,
    });
  }
  const near = registry.similar(word);
  return new HqError('usage', `There is no command “${shown}”.`, {
    hint: near.length === 0 ? 'Say help for what there is.' : `Did you mean ${near.join(', ')}?`,
  });
}
