/** Texts cut to a length in UTF-16 units, never through a character, and at the end of a line where there is one near. */

/** Keeps the beginning. */
export function truncateEnd(text: string, length: number): string {
  if (text.length <= length) return text;
  if (length < 1) return '';
  const kept = whole(text.slice(0, length - 1));
  const lineEnd = kept.lastIndexOf('\n');
  return `${lineEnd > kept.length * 0.7 ? kept.slice(0, lineEnd + 1) : kept}…`;
}

/** Keeps the end. */
export function truncateStart(text: string, length: number): string {
  if (text.length <= length) return text;
  if (length < 2) return '';
  const kept = text.slice(text.length - (length - 2)).replace(/^[\udc00-\udfff]/u, '');
  const lineEnd = kept.indexOf('\n');
  return `…\n${lineEnd >= 0 && lineEnd < kept.length * 0.3 ? kept.slice(lineEnd + 1) : kept}`;
}

/** The most of a text that fits once it is drawn: drawing makes it longer by what it escapes. */
export function fitted(
  text: string,
  length: number,
  cut: (text: string, length: number) => string,
  draw: (text: string) => string,
): string {
  let room = length;
  while (room > 0) {
    const drawn = draw(cut(text, room));
    if (drawn.length <= length) return drawn;
    room = Math.floor((room * length) / drawn.length) - 1;
  }
  return '';
}

function whole(text: string): string {
  return text.replace(/[\ud800-\udbff]$/u, '');
}
