import type { Screen } from '../app/screen.ts';
import type { Binding } from './binding.ts';

/** Movement in a list or in an output. */
export const moveKeys = [
  { does: 'down', keys: ['j', 'down'], about: 'next row' },
  { does: 'up', keys: ['k', 'up'], about: 'row before' },
  { does: 'half-down', keys: ['ctrl-d'], about: 'half a page down' },
  { does: 'half-up', keys: ['ctrl-u'], about: 'half a page up' },
  { does: 'page-down', keys: ['pagedown', 'ctrl-f', 'space'], about: 'a page down' },
  { does: 'page-up', keys: ['pageup', 'ctrl-b'], about: 'a page up' },
  { does: 'top', keys: ['g', 'home'], about: 'first row' },
  { does: 'bottom', keys: ['G', 'end'], about: 'last row' },
] as const satisfies readonly Binding[];

export const openKeys = [
  { does: 'open', keys: ['enter', 'l', 'right'], short: 'open', about: 'open the selected row' },
] as const satisfies readonly Binding[];

export const listKeys = [
  { does: 'filter', keys: ['/'], short: 'filter', about: 'filter: regex, !not, ~fuzzy' },
  { does: 'sort', keys: ['o'], about: 'order by the next column' },
  { does: 'older', keys: ['+'], about: 'load older rows' },
  { does: 'sort-turn', keys: ['O'], about: 'reverse the order' },
] as const satisfies readonly Binding[];

export const actKeys = [
  { does: 'undo', keys: ['u'], about: 'take back the last action', writes: true },
  { does: 'give-task', keys: ['T'], short: 'task', about: 'give an agent a task', writes: true },
  { does: 'needs-you', keys: ['w'], about: 'what waits for you' },
  { does: 'stop-all', keys: ['X'], about: 'stop all agents, or resume them', writes: true },
  { does: 'palette', keys: [':'], short: 'act', about: 'do anything by its name' },
] as const satisfies readonly Binding[];

export const copyKeys = [
  { does: 'copy', keys: ['y'], about: 'copy the name or id' },
  { does: 'copy-all', keys: ['Y'], about: 'copy what the screen shows' },
  { does: 'refresh', keys: ['r', 'ctrl-r'], about: 'read everything again' },
] as const satisfies readonly Binding[];

export const generalKeys = [
  { does: 'next-screen', keys: ['tab'], about: 'next screen' },
  { does: 'screen-before', keys: ['shift-tab'], about: 'screen before' },
  { does: 'back', keys: ['escape', 'h', 'left', 'backspace'], about: 'clear the filter, then go back' },
  { does: 'mouse', keys: ['m'], about: 'mouse on or off' },
  { does: 'suspend', keys: ['ctrl-z'], about: 'put HQ into the background' },
  { does: 'redraw', keys: ['ctrl-l'], about: 'draw the screen again' },
  { does: 'help', keys: ['?'], short: 'help', about: 'these keys' },
  { does: 'quit', keys: ['q', 'ctrl-c'], short: 'quit', about: 'leave HQ' },
] as const satisfies readonly Binding[];

/** The number keys that open the screens with a tab. */
export function tabKeys(screens: readonly Screen[]): readonly Binding[] {
  return tabsOf(screens).map(({ name, title }, at) => ({ does: name, keys: [String(at + 1)], about: title }));
}

export function tabsOf(
  screens: readonly Screen[],
): readonly { readonly name: string; readonly title: string }[] {
  return screens.flatMap(({ name, tab }) => (tab === undefined ? [] : [{ name, title: tab.title }]));
}

/** Every key that works on a screen. */
export function keysOn({ isList, keys }: Screen, screens: readonly Screen[]): readonly Binding[] {
  return [
    ...(isList ? moveKeys : []),
    ...keys,
    ...actKeys,
    ...(isList ? listKeys : []),
    ...copyKeys,
    ...tabKeys(screens),
    ...generalKeys,
  ];
}
