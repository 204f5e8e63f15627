import { stripVTControlCharacters } from 'node:util';
import { Text, useIsScreenReaderEnabled } from 'ink';
import { memo, type ReactNode } from 'react';
import { cut, fill, widthOf, wrap } from '../table/cell.ts';
import { marks, type Tone } from '../theme/theme.ts';
import { useTheme, useWidth } from './theme.ts';

/** One line, painted already and no wider than its place. */
export const PaintedLine = memo(function PaintedLine({ text }: { readonly text: string }): ReactNode {
  const isRead = useIsScreenReaderEnabled();
  // Ink measures each cell of a text, so blanks at its end would cost as much as words.
  if (!isRead) return <Text wrap="truncate">{text.trimEnd() || ' '}</Text>;
  const sentence = linear(text);
  return /[\p{L}\p{N}]/u.test(sentence) ? <Text>{sentence}</Text> : null;
});

/** Returns a drawn line without its borders and repeated blanks, for screen readers. */
function linear(line: string): string {
  return stripVTControlCharacters(line)
    .replaceAll(/[─│╭╮╰╯━▌]/gu, ' ')
    .replaceAll(/\s{2,}/g, ', ')
    .replace(/^[\s,]+|[\s,]+$/g, '');
}

export interface Part {
  readonly text: string;
  readonly tone?: Tone;
}

/** A line of plain parts, each in its tone; what is too much is cut. A screen reader hears no mark before the name. */
export function Line({ parts }: { readonly parts: readonly Part[] }): ReactNode {
  const theme = useTheme();
  let line = '';
  let left = useWidth();
  const hasMark = marks.some((mark) => theme.mark(mark) === parts[0]?.text.trim());
  const shown = useIsScreenReaderEnabled() && hasMark ? parts.slice(1) : parts;
  for (const { text, tone = 'plain' } of shown) {
    if (left <= 0) break;
    const kept = cut(text, left, theme.ellipsis);
    line += theme.paint(tone, kept);
    left -= widthOf(kept);
  }
  return <PaintedLine text={line} />;
}

interface ParagraphProps {
  readonly sentences: readonly string[];
  readonly tone?: Tone;
  /** Columns before each line. */
  readonly indent?: number;
}

/** Sentences in lines of their own, broken at spaces. */
export function Paragraph({ sentences, tone = 'plain', indent = 0 }: ParagraphProps): ReactNode {
  const theme = useTheme();
  const lines = paragraphLines(sentences, useWidth() - indent);
  // A line is its place: there is no better key.
  return [...lines.entries()].map(([place, text]) => (
    <PaintedLine key={place} text={' '.repeat(indent) + theme.paint(tone, text)} />
  ));
}

export function paragraphLines(sentences: readonly string[], width: number): readonly string[] {
  return sentences.flatMap((sentence) => wrap(sentence, Math.max(1, width)));
}

/** A line that says that there is nothing, or more. */
export function Remark({ text }: { readonly text: string }): ReactNode {
  return <Line parts={[{ text, tone: 'dim' }]} />;
}

/** `── title ───────────── note ──`. */
export function Rule({ title, note = '' }: { readonly title: string; readonly note?: string }): ReactNode {
  const theme = useTheme();
  const width = useWidth();
  const shownNote = cut(note, Math.max(0, Math.floor(width / 2) - 4), theme.ellipsis);
  const shownTitle = cut(title, Math.max(0, width - widthOf(shownNote) - 10), theme.ellipsis);
  const right = shownNote === '' ? '' : ` ${shownNote} ${theme.rule.repeat(2)}`;
  const middle = Math.max(0, width - 4 - widthOf(shownTitle) - widthOf(right));
  const parts: Part[] = [
    { text: `${theme.rule.repeat(2)} `, tone: 'dim' },
    { text: shownTitle, tone: 'strong' },
    { text: ` ${theme.rule.repeat(middle)}${right}`, tone: 'dim' },
  ];
  return <Line parts={parts} />;
}

interface NoticeProps {
  readonly sentences: readonly string[];
  readonly height: number;
}

/** Sentences in the middle of an empty place. */
export function Notice({ sentences, height }: NoticeProps): ReactNode {
  const theme = useTheme();
  const width = useWidth();
  const above = Math.max(0, Math.floor((height - sentences.length) / 2) - 1);
  return (
    <>
      {Array.from({ length: above }, (_, at) => `above-${at}`).map((place) => (
        <PaintedLine key={place} text="" />
      ))}
      {sentences.map((sentence) => {
        const shown = cut(sentence, width, theme.ellipsis);
        const before = ' '.repeat(Math.floor((width - widthOf(shown)) / 2));
        return <PaintedLine key={sentence} text={theme.paint('dim', fill(before + shown, width))} />;
      })}
    </>
  );
}
