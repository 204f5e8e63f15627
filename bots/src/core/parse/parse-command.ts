import { HqError } from '@hq/shared/errors';
import type { Argument, Command } from '../../contract/command.ts';
import type { Input } from '../../contract/inbound.ts';
import { place } from './assign-arguments.ts';
import type { Vocabulary } from './command-registry.ts';
import { readValues } from './parse-value.ts';
import { readWords } from './tokenize.ts';

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
/** What people put before a command that needs none of it. */
const article = /^(?:the|an?|my)$/iu;
const id = /^[`'"(#]*[0-9a-f]{8}[0-9a-f-]{0,28}\W*$/iu;
const courtesy = /^(?:[/!@]?hq|run|please|pls)[:,]?$/iu;

/** Finds what is meant by what was typed or picked. Knows nothing of who said it. */
export function understand(
  input: Extract<Input, { kind: 'words' | 'options' }>,
  vocabulary: Vocabulary,
): Understanding {
  try {
    const { command, values } =
      input.kind === 'words' ? typed(input.text, vocabulary) : picked(input.words, input.options, vocabulary);
    const read = readValues(command, values);
    const missing = command.arguments.filter(({ name, required }) => required && read[name] === undefined);
    return { kind: 'request', command, values: read, missing };
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
  let words = positional;
  while (words.length > 1 && courtesy.test(words[0] ?? '')) words = words.slice(1);
  const found = findIn(vocabulary, words.length === 0 ? ['help'] : words);
  if (found === null) throw unknown(words[0] ?? '', vocabulary);
  return { command: found.command, values: place(found.command, found.rest, named) };
}

/** `restart the gateway alpha` is `restart gateway alpha`, and `commands 1a2b3c4d` is about that one. */
function findIn(vocabulary: Vocabulary, words: readonly string[]): ReturnType<Vocabulary['find']> {
  const asSaid = vocabulary.find(words);
  const bare = words.filter((word, at) => at === 0 || at > 2 || !article.test(word));
  const withoutArticles = vocabulary.find(bare);
  const found =
    withoutArticles !== null &&
    bare.length - withoutArticles.rest.length > words.length - (asSaid?.rest ?? words).length
      ? withoutArticles
      : asSaid;
  const [only, ...more] = found?.rest ?? [];
  const one = found === null ? undefined : vocabulary.byName(found.command.name.replace(/s$/u, ''));
  return found !== null && one !== undefined && only !== undefined && more.length === 0 && id.test(only)
    ? { command: one, rest: found.rest }
    : found;
}

function picked(
  path: readonly string[],
  options: Readonly<Record<string, string>>,
  vocabulary: Vocabulary,
): Said {
  const command = vocabulary.ofPath(path);
  if (command === undefined) throw unknown(path.join(' '), vocabulary);
  const given = Object.entries(options).filter(([, value]) => value !== '');
  return { command, values: place(command, [], new Map(given)) };
}

function unknown(word: string, vocabulary: Vocabulary): HqError {
  const shown = word.slice(0, 60);
  const begun = vocabulary.beginningWith(word);
  if (begun.length > 0) {
    return new HqError('usage', `“${shown}” may be several things.`, {
      hint: `Say which: ${begun.slice(0, 6).join(', ')}.`,
    });
  }
  const near = vocabulary.near(word);
  return new HqError('usage', `There is no command “${shown}”.`, {
    hint: near.length === 0 ? 'Say help for what there is.' : `Did you mean ${near.join(', ')}?`,
  });
}
