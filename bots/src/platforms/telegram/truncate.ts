const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** A letter under hundreds of marks is one character too; such a one is cut. */
const longestCharacter = 64;

/** At most so many UTF-16 units, never half a character; an ellipsis says that there was more. */
export function truncateEnd(text: string, most: number): string {
  if (text.length <= most) return text;
  return most < 1 ? '' : `${text.slice(0, characterAt(text, most - 1).from)}…`;
}

/** As `cutEnd`, keeping the end. */
export function truncateStart(text: string, most: number): string {
  if (text.length <= most) return text;
  if (most < 1) return '';
  const at = text.length - most + 1;
  const { from, to } = characterAt(text, at);
  return `…${text.slice(from === at ? at : to)}`;
}

/** Where the character begins and ends that this place is in: an accent or a flag's other half belongs to what is before it. */
function characterAt(text: string, at: number): { readonly from: number; readonly to: number } {
  const found = characters.segment(text).containing(at);
  if (found !== undefined && found.segment.length <= longestCharacter) {
    return { from: found.index, to: found.index + found.segment.length };
  }
  const isHalf = /^[\udc00-\udfff]/u.test(text.slice(at, at + 1));
  return { from: isHalf ? at - 1 : at, to: at + 1 };
}
