import { plain, truncate } from '@hq/shared/text';

/** One line, without anything that hides, turns or moves what is beside it. */
export function line(text: string, max: number): string {
  return truncate(plain(text), max);
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
