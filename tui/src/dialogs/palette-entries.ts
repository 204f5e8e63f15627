import { type Action, actionNames, catalogue } from '@hq/shared/actions';
import { describeField, payloadFields } from '../actions/payload.ts';
import { addSecret, openHelp, refresh, toggleMouse } from '../app/operations.tsx';
import type { Screen } from '../app/screen.ts';
import type { Ui } from '../app/ui.ts';
import { fuzzyScore } from '../widgets/filter.ts';
import { type Arguments, startAction } from './start-action.ts';

export interface PaletteEntry {
  /** The name that is typed. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly title: string;
  readonly note: string;
  /** Target of an action without a name: the selected gateway or agent. */
  readonly aimsAt: 'gateway' | 'agent' | null;
  /** The fields that may be set, each in a line. */
  readonly fields: readonly string[];
  /** Returns what is wrong with the arguments, or null. `onRefused` is called where the database refuses them. */
  readonly run: (ui: Ui, given: Arguments, onRefused: () => void) => string | null;
}

/** Things that the palette does besides actions and screens. */
const operations: readonly (readonly [name: string, title: string, run: (ui: Ui) => void])[] = [
  ['add_secret', 'Store a new secret', addSecret],
  ['link_chat', 'Get a code that links your chat account', ({ chat }) => chat.link()],
  ['pairings', 'People who ask to write to agents', ({ router }) => router.open('pairings')],
  ['help', 'The keys of this screen', openHelp],
  ['refresh', 'Read everything again', refresh],
  ['mouse', 'Turn the mouse on or off', toggleMouse],
  ['quit', 'Leave HQ', ({ host }) => host.quit()],
];

/** Every action of the catalogue, every screen with a tab, and the few things that are neither. */
export function paletteEntries(screens: readonly Screen[]): readonly PaletteEntry[] {
  const unaimed = { aliases: [], note: '', aimsAt: null, fields: [] };
  return [
    ...actionNames.map((name): PaletteEntry => {
      const { title, danger, target }: Action = catalogue[name];
      return {
        name,
        aliases: [name.replaceAll('_', ' ')],
        title,
        note: danger === 'read' ? '' : danger,
        aimsAt: target === 'workspace' ? null : target,
        fields: payloadFields(name).map(describeField),
        run: (ui, given, onRefused) => startAction(name, given, ui, onRefused),
      };
    }),
    ...screens.flatMap(({ name, tab }): PaletteEntry[] => {
      if (tab === undefined) return [];
      const run = ({ list, router }: Ui, { words }: Arguments): null => {
        if (words.length > 0) list(name).setFilter(words.join(' '));
        router.openTab(name);
        return null;
      };
      return [{ ...unaimed, name, aliases: tab.aliases, title: tab.summary, run }];
    }),
    ...operations.map(
      ([name, title, act]): PaletteEntry => ({
        ...{ ...unaimed, name, title },
        run: (ui) => {
          act(ui);
          return null;
        },
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

export function argumentsOf(text: string, entry: PaletteEntry): Arguments {
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
