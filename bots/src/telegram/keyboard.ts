import { plain } from '@hq/shared/text';
import type { Button } from '../core/card.ts';
import { cutEnd } from './cut.ts';

export interface InlineKeyboard {
  readonly inline_keyboard: readonly (readonly { readonly text: string; readonly callback_data: string }[])[];
}

export const mostButtons = 20;
const mostLabel = 40;
/** What fits beside each other on a narrow phone, in characters of all labels of a row. */
const rowWidth = 28;
const mostInRow = 4;

/** Buttons in rows: short labels beside each other, long ones alone. */
export function toKeyboard(buttons: readonly Button[]): InlineKeyboard {
  const rows: { text: string; callback_data: string }[][] = [];
  let width = 0;
  for (const { token, label } of buttons.slice(0, mostButtons)) {
    const text = cutEnd(plain(label), mostLabel) || '…';
    width += text.length + 2;
    const row = rows.at(-1);
    if (row === undefined || row.length === mostInRow || width > rowWidth) {
      rows.push([{ text, callback_data: token }]);
      width = text.length + 2;
    } else {
      row.push({ text, callback_data: token });
    }
  }
  return { inline_keyboard: rows };
}
