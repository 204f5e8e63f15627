import measure, { type Options } from 'string-width';

/** The number of texts that are remembered: several screens of them. */
const capacity = 4_096;
const widths = new Map<string, number>();

/**
 * The package `string-width` with a memory. Ink measures every text again for every frame; the bundled programs use this
 * module in its place.
 */
export default function stringWidth(text: string, options?: Options): number {
  if (options !== undefined) return measure(text, options);
  let width = widths.get(text);
  if (width === undefined) {
    width = measure(text);
    if (widths.size >= capacity) widths.clear();
    widths.set(text, width);
  }
  return width;
}
