import type { Screen } from '../app/screen.ts';
import { actKeys, copyKeys, generalKeys, listKeys, moveKeys, openKeys, tabKeys } from './app-keys.ts';
import { type Binding, showKey } from './binding.ts';
import { gatewayKeys } from './gateway-keys.ts';

/** The keys for docs/tui.md, as Markdown. A key is listed where it is first of use. */
export function cheatSheet(screens: readonly Screen[]): string {
  const groups: (readonly [title: string, keys: readonly Binding[]])[] = [
    ['Everywhere', [...actKeys, ...copyKeys, ...tabKeys(screens), ...generalKeys]],
    ['Lists and output', [...moveKeys, ...listKeys]],
    ['Where a gateway is in view', [...openKeys, ...gatewayKeys]],
  ];
  for (const { name, tab, keys } of screens) groups.push([tab?.title ?? capitalized(name), keys]);
  const listed = new Set<Binding>();
  const sections = groups.flatMap(([title, bindings]) => {
    const rows = bindings.filter((binding) => !listed.has(binding));
    for (const row of rows) listed.add(row);
    return rows.length === 0 ? [] : [section(title, rows)];
  });
  return sections.join('\n');
}

function section(title: string, bindings: readonly Binding[]): string {
  const rows = bindings.map(
    ({ keys, about, writes }) =>
      `| ${keys.map((key) => `\`${showKey(key)}\``).join(' ')} | ${about} | ${writes ? 'yes' : ''} |`,
  );
  return `### ${title}\n\n| keys | | writes |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
