import type { Bound } from '../../keymap/keymap.ts';
import { showKey } from '../../keymap/keymap.ts';
import { cut, fill, widthOf } from '../../table/cell.ts';
import type { Theme } from '../../theme/theme.ts';
import type { Message } from '../messages.ts';

/** The keys that matter here, as many as there is room for; help and quit always. */
export function keysLine(here: readonly Bound[], isReadonly: boolean, width: number, theme: Theme): string {
  const shown = here.filter(({ short, writes }) => short !== undefined && !(isReadonly && writes));
  const always = shown.filter(({ does }) => does === 'help' || does === 'quit');
  const others = shown.filter((binding) => !always.includes(binding));
  const told = ({ keys, short }: Bound): string => `${showKey(keys[0] ?? '')} ${short ?? ''}`;
  const size = (bindings: readonly Bound[]): number =>
    bindings.reduce((sum, binding) => sum + widthOf(told(binding)) + 2, 1);
  while (others.length > 0 && size([...others, ...always]) > width) others.pop();
  let line = ' ';
  for (const binding of [...others, ...always]) {
    line += `${theme.paint('accent', showKey(binding.keys[0] ?? ''))} ${binding.short ?? ''}  `;
  }
  return line + ' '.repeat(Math.max(0, width - widthOf(line)));
}

export function messageLine(message: Message | null, width: number, theme: Theme): string {
  if (message === null) return theme.paint('dim', theme.rule.repeat(width));
  const mark =
    message.tone === 'bad'
      ? `${theme.mark('bad')} `
      : message.tone === 'good'
        ? `${theme.mark('good')} `
        : '';
  const undo = message.undo === null ? '' : '  u takes it back';
  const text = cut(`${mark}${message.text}`, width - 2 - undo.length, theme.ellipsis);
  const space = ' '.repeat(Math.max(0, width - 1 - widthOf(text) - undo.length));
  return ` ${theme.paint(message.tone, text)}${theme.paint('accent', undo)}${space}`;
}

/** The line that asks for a text, such as a filter. */
export function promptLine(label: string, field: string, width: number, theme: Theme): string {
  const shown = `${theme.paint('accent', label)}${field}`;
  return shown + fill('', Math.max(0, width - widthOf(shown)));
}
