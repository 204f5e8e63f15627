import { plain, plainLine } from '@hq/shared/text';

/** One line, without anything that hides, turns or moves what is beside it. */
export function line(text: string, max: number): string {
  return truncateEnd(plain(text), max);
}

/** Lines, each cleaned by itself. */
export function lines(text: string): string {
  return text.split('\n').map(plainLine).join('\n');
}

/** The beginning, cut where a line ends if one ends near, never through a character. */
export function truncateEnd(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = whole(text.slice(0, Math.max(0, max - 1)));
  const lineEnd = kept.lastIndexOf('\n');
  return `${lineEnd > max / 2 ? kept.slice(0, lineEnd) : kept}…`;
}

/** The end, from where a line begins if one begins near. */
export function truncateStart(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = whole(text.slice(text.length - Math.max(0, max - 2)));
  const lineEnd = kept.indexOf('\n');
  return `…\n${lineEnd !== -1 && lineEnd < max / 2 ? kept.slice(lineEnd + 1) : kept}`;
}

/** Half a surrogate pair at either end is no character. */
function whole(text: string): string {
  return text.replace(/[\ud800-\udbff]$/u, '').replace(/^[\udc00-\udfff]/u, '');
}

/**
 * For the places that Slack reads as markup whether we want it or not. With these three escaped there is no mention, no
 * link and no date; what is left of the markup is bold and the like.
 */
export function escapeMarkup(text: string, max: number): string {
  let kept = '';
  for (const character of text) {
    const safe = escapes[character] ?? character;
    if (kept.length + safe.length > max - 1) return `${kept}…`;
    kept += safe;
  }
  return kept;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** What somebody typed, of the text that Slack made of it: escapes undone, links as they were written. */
export function unescapeTyped(text: string): string {
  return text
    .replace(/<(?:https?|mailto|tel):[^|>]*\|([^>]*)>/gu, '$1')
    .replace(/<((?:https?|mailto|tel):[^|>]*)>/gu, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .trim();
}
