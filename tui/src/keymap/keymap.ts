import { type Binding, bindings, type Intent, type Where } from './bindings.ts';

export type Bound = Omit<Binding, 'does'> & { readonly does: Intent };

const all: readonly Bound[] = bindings;

/** Which places a screen stands in, the most particular first. */
export function placesOf(screen: Where, hasList: boolean): readonly Where[] {
  return hasList ? [screen, 'list', 'everywhere'] : [screen, 'everywhere'];
}

/** What a key means here. */
export function bindingFor(key: string, here: readonly Where[]): Bound | null {
  for (const place of here) {
    const found = all.find((binding) => binding.where.includes(place) && binding.keys.includes(key));
    if (found !== undefined) return found;
  }
  return null;
}

/** Every binding that can be reached here: one that is hidden behind a more particular one is left out. */
export function bindingsHere(here: readonly Where[]): readonly Bound[] {
  return all.filter((binding) => binding.keys.some((key) => bindingFor(key, here) === binding));
}

const shownNames: Readonly<Record<string, string>> = {
  escape: 'esc',
  pagedown: 'pgdn',
  pageup: 'pgup',
};

/** A key as it is shown to people. */
export function showKey(key: string): string {
  return shownNames[key] ?? key;
}

const headings: readonly { readonly title: string; readonly where: Where }[] = [
  { title: 'Everywhere', where: 'everywhere' },
  { title: 'Lists and output', where: 'list' },
  { title: 'Where a gateway is in view', where: 'fleet' },
  { title: 'Commands', where: 'commands' },
  { title: 'Command', where: 'command' },
  { title: 'Alerts', where: 'alerts' },
  { title: 'Secrets', where: 'secrets' },
  { title: 'Chat', where: 'chat' },
];

/** The cheat-sheet of the documentation, as Markdown. */
export function cheatSheet(): string {
  const told = new Set<Bound>();
  const sections = headings.map(({ title, where }) => {
    const rows = all.filter((binding) => binding.where.includes(where) && !told.has(binding));
    for (const row of rows) told.add(row);
    const lines = rows.map(
      ({ keys, about, writes }) =>
        `| ${keys.map((key) => `\`${showKey(key)}\``).join(' ')} | ${about} | ${writes ? 'yes' : ''} |`,
    );
    return `### ${title}\n\n| keys | | writes |\n| --- | --- | --- |\n${lines.join('\n')}\n`;
  });
  return sections.join('\n');
}
