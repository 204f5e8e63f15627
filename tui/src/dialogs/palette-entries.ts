import { type Action, type ActionName, actionNames, catalogue } from '@hq/shared/actions';
import type { Screen } from '../app/screen.ts';
import { fuzzyScore } from '../widgets/filter.ts';

/** Things that the palette does besides actions and screens. */
const operations = [
  ['add-secret', 'add_secret', 'Store a new secret'],
  ['link-chat', 'link_chat', 'Get a code that links your chat account'],
  ['help', 'help', 'The keys of this screen'],
  ['refresh', 'refresh', 'Read everything again'],
  ['mouse', 'mouse', 'Turn the mouse on or off'],
  ['quit', 'quit', 'Leave HQ'],
] as const;
export type PaletteOperation = (typeof operations)[number][0];

export type PaletteTarget =
  | { readonly kind: 'action'; readonly action: ActionName }
  | { readonly kind: 'screen'; readonly screen: string }
  | { readonly kind: 'operation'; readonly operation: PaletteOperation };

export interface PaletteEntry {
  /** The name that is typed. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly title: string;
  readonly note: string;
  /** True for an action on the selected gateway or agent. */
  readonly isAimed: boolean;
  readonly target: PaletteTarget;
}

/** Every action of the catalogue, every screen with a tab, and the few things that are neither. */
export function paletteEntries(screens: readonly Screen[]): readonly PaletteEntry[] {
  const plainEntry = { aliases: [], note: '', isAimed: false } as const;
  return [
    ...actionNames.map((name): PaletteEntry => {
      const action: Action = catalogue[name];
      return {
        name,
        aliases: [name.replaceAll('_', ' ')],
        title: action.title,
        note: action.danger === 'read' ? '' : action.danger,
        isAimed: action.target !== 'workspace',
        target: { kind: 'action', action: name },
      };
    }),
    ...screens.flatMap(({ name, tab }): PaletteEntry[] =>
      tab === undefined
        ? []
        : [
            {
              ...plainEntry,
              name,
              aliases: tab.aliases,
              title: tab.summary,
              target: { kind: 'screen', screen: name },
            },
          ],
    ),
    ...operations.map(
      ([operation, name, title]): PaletteEntry => ({
        ...plainEntry,
        name,
        title,
        target: { kind: 'operation', operation },
      }),
    ),
  ];
}

/** The entries that a text may mean, the likeliest first. What follows the first space are arguments. */
export function matchingEntries(entries: readonly PaletteEntry[], text: string): readonly PaletteEntry[] {
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

/** The words behind the name: `key=value` settings, and the others. */
export function argumentsOf(text: string, entry: PaletteEntry): { settings: string[]; words: string[] } {
  const trimmed = text.trim();
  const names = [entry.name, ...entry.aliases].toSorted((a, b) => b.length - a.length);
  const name = names.find(
    (each) => trimmed.toLowerCase() === each || trimmed.toLowerCase().startsWith(`${each} `),
  );
  const rest =
    name === undefined
      ? []
      : (trimmed.slice(name.length).match(wordPattern) ?? []).map((word) =>
          word.replace(quotes, (_all, ...kept) => kept.slice(0, 3).find((part) => part !== undefined) ?? ''),
        );
  return {
    settings: rest.filter((word) => /^[a-z_]+=/.test(word)),
    words: rest.filter((word) => !/^[a-z_]+=/.test(word)),
  };
}
