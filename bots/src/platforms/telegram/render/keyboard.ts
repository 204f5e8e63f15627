import { plain } from '@hq/shared/text';
import type { Button } from '../../../contract/card.ts';
import { truncateEnd } from '../truncate.ts';

export interface InlineKeyboard {
  readonly inline_keyboard: readonly (readonly { readonly text: string; readonly callback_data: string }[])[];
}

export const maxButtons = 20;
const mostLabel = 40;
/** What fits beside each other on a narrow phone, in characters. Telegram makes all buttons of a row as wide as each other. */
const rowWidth = 36;
const mostInRow = 4;

/** Buttons in rows: short labels beside each other, long ones alone. */
export function toKeyboard(buttons: readonly Button[]): InlineKeyboard {
  const rows: { text: string; callback_data: string }[][] = [];
  for (const { token, label } of buttons.slice(0, maxButtons)) {
    const button = { text: truncateEnd(plain(label), mostLabel) || '…', callback_data: token };
    const row = rows.at(-1);
    const wider = [...(row ?? []), button];
    const longest = Math.max(...wider.map(({ text }) => text.length));
    if (row === undefined || wider.length > mostInRow || wider.length * (longest + 2) > rowWidth) {
      rows.push([button]);
    } else {
      row.push(button);
    }
  }
  return { inline_keyboard: rows };
}
