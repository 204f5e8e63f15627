import { cut, fill, widthOf } from '../table/cell.ts';
import type { Theme, Tone } from '../theme/theme.ts';

/** `── title ───────────── note ──`, exactly as wide as asked. */
export function titleRule(title: string, note: string, width: number, theme: Theme): string {
  const shownNote = cut(note, Math.max(0, Math.floor(width / 2) - 4), theme.ellipsis);
  const shownTitle = cut(title, Math.max(0, width - widthOf(shownNote) - 10), theme.ellipsis);
  const left = theme.rule.repeat(2);
  const right = shownNote === '' ? '' : ` ${shownNote} ${theme.rule.repeat(2)}`;
  const middle = Math.max(0, width - 4 - widthOf(shownTitle) - widthOf(right));
  return `${theme.paint('dim', left)} ${theme.paint('strong', shownTitle)} ${theme.paint('dim', theme.rule.repeat(middle) + right)}`;
}

export interface Part {
  readonly text: string;
  readonly tone?: Tone;
}

/** A line of differently toned plain parts in exactly `width` columns. */
export function line(parts: readonly Part[], width: number, theme: Theme): string {
  let shown = '';
  let left = width;
  for (const { text, tone = 'plain' } of parts) {
    if (left <= 0) break;
    const kept = cut(text, left, theme.ellipsis);
    shown += theme.paint(tone, kept);
    left -= widthOf(kept);
  }
  return shown + ' '.repeat(Math.max(0, left));
}

export function blank(width: number): string {
  return ' '.repeat(width);
}

/** Exactly `height` lines: what is too much is left out, what is missing is blank. */
export function exactly(lines: readonly string[], height: number, width: number): string[] {
  const kept = lines.slice(0, Math.max(0, height));
  while (kept.length < height) kept.push(blank(width));
  return kept;
}

/** Two blocks of lines beside each other; both must have the same number of lines. */
export function beside(left: readonly string[], right: readonly string[], between: string): string[] {
  return left.map((each, at) => each + between + (right[at] ?? ''));
}

/** A sentence in the middle of an empty room. */
export function calm(sentences: readonly string[], width: number, height: number, theme: Theme): string[] {
  const top = Math.max(0, Math.floor((height - sentences.length) / 2) - 1);
  const lines = [...Array.from({ length: top }, () => blank(width))];
  for (const sentence of sentences) {
    const shown = cut(sentence, width, theme.ellipsis);
    const before = Math.floor((width - widthOf(shown)) / 2);
    lines.push(theme.paint('dim', fill(' '.repeat(before) + shown, width)));
  }
  return exactly(lines, height, width);
}
