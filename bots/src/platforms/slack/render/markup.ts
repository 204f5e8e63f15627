import { chatLine, truncate } from '@hq/shared/text';

/** Sanitizes and truncates one line. */
export function line(text: string, limit: number): string {
  return truncate(chatLine(text), limit);
}

/** Escapes text for fields that Slack always reads as markup. Bold and the like remain; mentions and links do not. */
export function escapeMarkup(text: string, limit: number): string {
  let escaped = '';
  for (const character of text) {
    const safe = escapes[character] ?? character;
    if (escaped.length + safe.length > limit - 1) return `${escaped}…`;
    escaped += safe;
  }
  return escaped;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Restores the typed text: undoes escapes, and shows links as they were typed. */
export function unescapeMarkup(text: string): string {
  return text
    .replace(/<(?:https?|mailto|tel):[^|>]*\|([^>]*)>/gu, '$1')
    .replace(/<((?:https?|mailto|tel):[^|>]*)>/gu, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .trim();
}
