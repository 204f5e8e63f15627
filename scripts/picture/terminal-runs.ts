import type { ScreenSession } from '../../tui/testing/screen-session.ts';
import { background, foreground, paletteColour } from './colours.ts';

type Terminal = ScreenSession['terminal'];

interface Look {
  readonly fill: string;
  /** Null where the cell shows the background of the terminal. */
  readonly behind: string | null;
  readonly isBold: boolean;
  readonly isDim: boolean;
}

/** Cells of one look: a word of ASCII, blanks, or a single other character. */
export interface Run extends Look {
  readonly column: number;
  readonly columns: number;
  readonly text: string;
}

/** Returns a visible row of the terminal as runs, from left to right. */
export function terminalRuns(terminal: Terminal, row: number): readonly Run[] {
  const { active } = terminal.buffer;
  const line = active.getLine(active.baseY + row);
  const runs: Run[] = [];
  if (line === undefined) return runs;
  for (let column = 0; column < terminal.cols; column++) {
    const cell = line.getCell(column);
    // Width 0 is the second half of a wide character.
    if (cell === undefined || cell.getWidth() === 0) continue;
    const isInverse = cell.isInverse() !== 0;
    const fill = cell.isFgDefault() ? foreground : paletteColour(cell.getFgColor());
    const behind = cell.isBgDefault() ? null : paletteColour(cell.getBgColor());
    const next: Run = {
      column,
      columns: cell.getWidth(),
      text: cell.getChars() || ' ',
      fill: isInverse ? (behind ?? background) : fill,
      behind: isInverse ? fill : behind,
      isBold: cell.isBold() !== 0,
      isDim: cell.isDim() !== 0,
    };
    const last = runs.at(-1);
    if (last !== undefined && hasSameLook(last, next) && isJoinable(last.text, next.text)) {
      runs[runs.length - 1] = { ...last, columns: last.columns + 1, text: last.text + next.text };
    } else runs.push(next);
  }
  return runs;
}

function isJoinable(before: string, next: string): boolean {
  const isWord = (text: string): boolean => /^[!-~]+$/.test(text);
  if (isWord(before)) return isWord(next);
  return next === before[0] && (next === ' ' || next === '─');
}

function hasSameLook(a: Look, b: Look): boolean {
  return a.fill === b.fill && a.behind === b.behind && a.isBold === b.isBold && a.isDim === b.isDim;
}
