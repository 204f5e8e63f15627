import { chatLine, truncate } from '@hq/shared/text';
import type { Button } from '../../../contract/card.ts';

export interface InlineKeyboard {
  readonly inline_keyboard: { text: string; callback_data: string }[][];
}

export const maxButtons = 20;
const maxLabel = 40;
/** Characters that fit side by side on a narrow phone. All buttons of a row have the same width. */
const rowWidth = 36;
const maxPerRow = 4;

/** Arranges buttons in rows: short labels side by side, long ones alone. */
export function renderKeyboard(buttons: readonly Button[]): InlineKeyboard {
  const rows: InlineKeyboard['inline_keyboard'] = [];
  for (const { token, label } of buttons.slice(0, maxButtons)) {
    const button = { text: truncate(chatLine(label), maxLabel) || '…', callback_data: token };
    const row = rows.at(-1);
    const wider = [...(row ?? []), button];
    const longest = Math.max(...wider.map(({ text }) => text.length));
    if (row === undefined || wider.length > maxPerRow || wider.length * (longest + 2) > rowWidth) {
      rows.push([button]);
    } else {
      row.push(button);
    }
  }
  return { inline_keyboard: rows };
}
