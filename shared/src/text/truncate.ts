const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Printable ASCII measures one unit a character under every measure. */
const ascii = /^[ -~]*$/;
/** A letter may carry hundreds of marks; a longer grapheme is cut like any other text. */
const longestGrapheme = 64;

export interface TruncateOptions {
  /** The size of a text, such as its columns on a terminal; UTF-16 units by default. */
  readonly measure?: (text: string) => number;
  /** ASCII or one unit wide. */
  readonly ellipsis?: string;
  /** Cuts at a line break if at least half of the limit remains. */
  readonly atLineBreak?: boolean;
}

/** Keeps the beginning of a text that is longer than `limit`, without splitting a grapheme, and appends an ellipsis. */
export function truncate(
  text: string,
  limit: number,
  { measure, ellipsis = '…', atLineBreak = false }: TruncateOptions = {},
): string {
  if (fits(text, limit, measure)) return text;
  if (limit < ellipsis.length) return '';
  const capacity = limit - ellipsis.length;
  const kept =
    measure === undefined || ascii.test(text)
      ? text.slice(0, graphemeAt(text, capacity).from)
      : measuredStart(text, capacity, measure);
  const lineEnd = atLineBreak ? kept.lastIndexOf('\n') : -1;
  return `${lineEnd > kept.length / 2 ? kept.slice(0, lineEnd + 1) : kept}${ellipsis}`;
}

/** Keeps the end of a text that is longer than `limit` UTF-16 units, without splitting a grapheme, after an ellipsis. */
export function truncateStart(
  text: string,
  limit: number,
  { ellipsis = '…', atLineBreak = false }: Omit<TruncateOptions, 'measure'> = {},
): string {
  if (text.length <= limit) return text;
  const mark = atLineBreak ? `${ellipsis}\n` : ellipsis;
  if (limit < mark.length) return '';
  const at = text.length - limit + mark.length;
  const { from, to } = graphemeAt(text, at);
  const kept = text.slice(from === at ? at : to);
  const lineEnd = atLineBreak ? kept.indexOf('\n') : -1;
  return `${mark}${lineEnd >= 0 && lineEnd < kept.length / 2 ? kept.slice(lineEnd + 1) : kept}`;
}

function fits(text: string, limit: number, measure: TruncateOptions['measure']): boolean {
  if (measure === undefined || ascii.test(text)) return text.length <= limit;
  return measure(text) <= limit;
}

function measuredStart(text: string, capacity: number, measure: (text: string) => number): string {
  let end = 0;
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += measure(segment);
    if (used > capacity) break;
    end += segment.length;
  }
  return text.slice(0, end);
}

/** The grapheme around an index: a combining mark or the second half of a flag belongs to the sign before it. */
function graphemeAt(text: string, at: number): { readonly from: number; readonly to: number } {
  const found = graphemes.segment(text).containing(at);
  if (found !== undefined && found.segment.length <= longestGrapheme) {
    return { from: found.index, to: found.index + found.segment.length };
  }
  const isSecondHalf = /^[\udc00-\udfff]/u.test(text.slice(at, at + 1));
  return { from: isSecondHalf ? at - 1 : at, to: at + 1 };
}
