/** Hostile words in Discord's markup: what is written here is shown as it was said, and does nothing. */

/** An address in prose may be followed, but only where it reads as the place it leads to. */
const address = /(?<![^\s(])https?:\/\/[\w./?#%&=+:;,-]+/gu;

/** Prose. Line ends stay. */
export function escapeMarkup(text: string): string {
  let shown = '';
  let from = 0;
  for (const { 0: found, index } of text.matchAll(address)) {
    shown += escapedMarks(text.slice(from, index)) + found;
    from = index + found.length;
  }
  return shown + escapedMarks(text.slice(from));
}

/** One line that must not become a preview of some page either. */
export function escapeLine(text: string): string {
  return escapedMarks(text).replaceAll('://', '\\://');
}

function escapedMarks(text: string): string {
  return (
    text
      .replace(/[\\*`<]/gu, '\\$&')
      // Within a word it means nothing: restart_gateway stays as it is.
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

/** A backslash does not escape within code, so a backtick becomes its look-alike. */
export function inlineCode(text: string): string {
  const words = text.replaceAll('`', 'ˋ').replace(/\s+/gu, ' ').trim();
  return words === '' ? '' : `\`${words}\``;
}

/** What a block of code costs beside what is in it. */
export const fenceLength = '```\n\n```'.length;

export function codeBlock(text: string): string {
  return `\`\`\`\n${text.replaceAll('```', '``ˋ')}\n\`\`\``;
}
