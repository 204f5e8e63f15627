import { plainLines, truncate } from '@hq/shared/text';

/** In UTF-16 units. */
const longestField = 4_000;
const longestAnswer = 16_000;

/** Cuts an answer to what a turn can afford, and says so. */
export function limited(text: string): string {
  if (text.length <= longestAnswer) return text;
  return `${truncate(text, longestAnswer, { atLineBreak: true })}\n(The answer was too long; the rest is left out.)`;
}

/** Sanitizes text that people or other agents wrote. */
const written = (text: string): string => truncate(plainLines(text), longestField);

/** Writes a text as one line in quotes. */
export const quoted = (text: string | null | undefined): string =>
  text == null || text === '' ? '(no title)' : `"${written(text).replaceAll(/\s+/g, ' ')}"`;

/** The first eight digits of an id, which HQ accepts in its place. */
export const shortId = (id: string): string => id.slice(0, 8);

/** Writes minutes of UTC; a model needs no seconds. */
export const minute = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`;

/**
 * Writes a value of JSON as indented lines, without what is empty. Texts of several lines begin on a line of their own.
 */
export function outline(value: unknown, depth = 0): string {
  const indent = '  '.repeat(depth);
  if (Array.isArray(value)) {
    return value
      .filter(isPresent)
      .map((entry) => `${indent}- ${outline(entry, depth + 1).trimStart()}`)
      .join('\n');
  }
  if (typeof value !== 'object' || value === null) return indent + scalar(value, indent);
  return Object.entries(value)
    .filter(([, entry]) => isPresent(entry))
    .map(([key, entry]) =>
      typeof entry === 'object'
        ? `${indent}${written(key)}:\n${outline(entry, depth + 1)}`
        : `${indent}${written(key)}: ${scalar(entry, `${indent}  `)}`.replace(': \n', ':\n'),
    )
    .join('\n');
}

function scalar(value: unknown, indent: string): string {
  const text = written(String(value));
  return text.includes('\n') ? `\n${text.replaceAll(/^/gm, indent)}` : text;
}

function isPresent(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
