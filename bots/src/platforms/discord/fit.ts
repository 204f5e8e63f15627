import { truncate, truncateStart } from '@hq/shared/text';

/** Truncates a text so that it fits its limit once it is drawn: escaping makes it longer. Keeps the beginning. */
export function fitEnd(text: string, limit: number, draw: (text: string) => string): string {
  return fitted(text, limit, draw, truncate);
}

/** Keeps the end. */
export function fitStart(text: string, limit: number, draw: (text: string) => string): string {
  return fitted(text, limit, draw, truncateStart);
}

function fitted(
  text: string,
  limit: number,
  draw: (text: string) => string,
  cut: typeof truncateStart,
): string {
  let room = limit;
  while (room > 0) {
    const drawn = draw(cut(text, room, { atLineBreak: true }));
    if (drawn.length <= limit) return drawn;
    room = Math.floor((room * limit) / drawn.length) - 1;
  }
  return '';
}
