import { type Action, type ActionName, actionNames, catalogue } from '@hq/shared/actions';
import type { Intent } from '../../keymap/bindings.ts';
import { fuzzyScore } from '../filter.ts';
import type { Numbered } from '../place.ts';

/** Something that the palette can do. */
type Deed =
  | { readonly kind: 'action'; readonly action: ActionName }
  | { readonly kind: 'screen'; readonly screen: Numbered }
  | { readonly kind: 'intent'; readonly intent: Intent };

export interface Entry {
  /** What is typed. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly title: string;
  readonly note: string;
  /** Whether it is aimed at what is selected. */
  readonly isAimed: boolean;
  readonly deed: Deed;
}

const screens: readonly (readonly [Numbered, readonly string[], string])[] = [
  ['fleet', ['gateways', 'gw'], 'Gateways and what needs attention'],
  ['agents', ['ag'], 'Who works here'],
  ['commands', ['cmd'], 'What was asked and what became of it'],
  ['alerts', ['notifications'], 'What went wrong'],
  ['audit', ['log'], 'Who did what'],
  ['secrets', ['sec'], 'Which credentials there are, and where'],
  ['chat', ['links', 'bots'], 'Who speaks from chats, and whether the bots are there'],
];

const intents: readonly (readonly [Intent, string, string])[] = [
  ['add-secret', 'add_secret', 'Store a new secret'],
  ['link-chat', 'link_chat', 'Get a code that links your chat account'],
  ['help', 'help', 'The keys of this screen'],
  ['refresh', 'refresh', 'Read everything anew'],
  ['mouse', 'mouse', 'Turn the mouse on or off'],
  ['quit', 'quit', 'Leave HQ'],
];

/** Every action of the catalogue, every screen, and the few things that are neither. */
const entries: readonly Entry[] = [
  ...actionNames.map((name): Entry => {
    const action: Action = catalogue[name];
    return {
      name,
      aliases: [name.replaceAll('_', ' ')],
      title: action.title,
      note: action.danger === 'read' ? '' : action.danger,
      isAimed: action.target !== 'workspace',
      deed: { kind: 'action', action: name },
    };
  }),
  ...screens.map(
    ([screen, aliases, title]): Entry => ({
      name: screen,
      aliases,
      title,
      note: '',
      isAimed: false,
      deed: { kind: 'screen', screen },
    }),
  ),
  ...intents.map(
    ([intent, name, title]): Entry => ({
      name,
      aliases: [],
      title,
      note: '',
      isAimed: false,
      deed: { kind: 'intent', intent },
    }),
  ),
];

/** The entries that a text may mean, the likeliest first. What follows the first space are arguments. */
export function matching(text: string): readonly Entry[] {
  const wanted = text.trimStart().toLowerCase();
  const [first = ''] = wanted.split(' ');
  const exact = entries.filter(({ name, aliases }) => name === first || aliases.includes(first));
  if (wanted.includes(' ') && exact.length > 0) return exact;
  const scored = entries.flatMap((entry, at) => {
    const scores = [entry.name, ...entry.aliases, entry.title.toLowerCase()].flatMap(
      (each) => fuzzyScore(wanted.trimEnd(), each) ?? [],
    );
    return scores.length === 0 ? [] : [{ entry, at, score: Math.min(...scores) }];
  });
  scored.sort((a, b) => a.score - b.score || a.at - b.at);
  return scored.map(({ entry }) => entry);
}

/** Words, in which quotes keep spaces together: `title="Write the letter" priority=high`. */
const wordPattern = /(?:"[^"]*"|'[^']*'|“[^”]*”|\S)+/g;
const quotes = /"([^"]*)"|'([^']*)'|“([^”]*)”/g;

/** The words behind the name: `key=value` settings, and what stands alone. */
export function argumentsOf(text: string, entry: Entry): { settings: string[]; words: string[] } {
  const trimmed = text.trim();
  const names = [entry.name, ...entry.aliases].toSorted((a, b) => b.length - a.length);
  const name = names.find(
    (each) => trimmed.toLowerCase() === each || trimmed.toLowerCase().startsWith(`${each} `),
  );
  const rest =
    name === undefined
      ? []
      : (trimmed.slice(name.length).match(wordPattern) ?? []).map((word) =>
          word.replace(quotes, (_all, ...kept) => kept.slice(0, 3).find((text) => text !== undefined) ?? ''),
        );
  return {
    settings: rest.filter((word) => /^[a-z_]+=/.test(word)),
    words: rest.filter((word) => !/^[a-z_]+=/.test(word)),
  };
}
