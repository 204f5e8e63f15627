import { utcTime } from '@hq/shared/text';
import type { Field, TextNode } from '../../contract/card.ts';

export const code = (text: string): TextNode => ({ kind: 'code', text });
export const text = (words: string): TextNode => ({ kind: 'text', text: words });
export const strong = (words: string): TextNode => ({ kind: 'text', text: words, strong: true });
/** A database time; `now` decides whether its words need the date. */
export const moment = (time: string, now: number): TextNode => ({
  kind: 'time',
  text: utcTime(time, now),
  at: Date.parse(time),
});
export const newLine = text('\n');

export type Part = string | null | undefined | false;

/** Joins the parts that are known with commas. */
export function joinParts(...parts: readonly Part[]): string {
  return parts.filter(Boolean).join(', ');
}

/** One line for each entry. */
export function linesOf(entries: readonly (readonly TextNode[])[]): TextNode[] {
  return entries.flatMap((entry, at) => (at === 0 ? entry : [newLine, ...entry]));
}

/** The fields whose values are known. */
export function fieldsOf(
  ...fields: readonly (readonly [label: string, value: Part, size?: 'wide'])[]
): Field[] {
  return fields.flatMap(([label, value, size]) =>
    value ? [{ label, value, ...(size === 'wide' && { wide: true }) }] : [],
  );
}

export const shortId = (id: string): string => id.slice(0, 8);
