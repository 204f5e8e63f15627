import { fitText } from '../../fit-text.ts';

/** Escapes untrusted text for Discord's markup, so that it is shown literally. */

/** Addresses in prose stay links, because they show their own target. */
const address = /(?<![^\s(])https?:\/\/[\w./?#%&=+:;,-]+/gu;

/** Escapes prose and keeps its line breaks. */
export function escapeMarkup(text: string): string {
  let escaped = '';
  let from = 0;
  for (const { 0: found, index } of text.matchAll(address)) {
    escaped += escapeMarks(text.slice(from, index)) + found;
    from = index + found.length;
  }
  return escaped + escapeMarks(text.slice(from));
}

/** Escapes one line, in which an address must not unfold into a preview either. */
export function escapeLine(text: string): string {
  return escapeMarks(text).replaceAll('://', '\\://');
}

function escapeMarks(text: string): string {
  return (
    text
      .replace(/[\\*`<]/gu, '\\$&')
      // It has no effect within a word, such as restart_gateway.
      .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/gu, '\\_')
      .replace(/~{2,}|\|{2,}/gu, (run) => run.replace(/./gu, '\\$&'))
      .replaceAll('](', ']\\(')
      .replace(/@(?=everyone|here)/giu, '\\@')
      .replace(/^([ \t]*)([>#]|-#|[-+](?=\s|$))/gmu, '$1\\$2')
      .replace(/^([ \t]*\d+)\.(?=\s|$)/gmu, '$1\\.')
  );
}

export function bold(text: string): string {
  const [, before = '', words = '', after = ''] = /^(\s*)(.*?)(\s*)$/su.exec(text) ?? [];
  return words === '' ? before + after : `${before}**${escapeMarkup(words)}**${after}`;
}

/** A backslash does not escape within code, so a look-alike replaces each backtick. */
export function inlineCode(text: string): string {
  const words = text.replaceAll('`', 'ˋ').replace(/\s+/gu, ' ').trim();
  return words === '' ? '' : `\`${words}\``;
}

export function codeBlock(text: string): string {
  return `\`\`\`\n${text.replaceAll('```', '``ˋ')}\n\`\`\``;
}

/** Truncates a text so that its rendered form, which escapes make longer, fits the limit. */
export function fitRendered(text: string, limit: number, render: (text: string) => string): string {
  const fitting = fitText(text, limit, (shortened) => render(shortened).length);
  return fitting === '' ? '' : render(fitting);
}
