/** The number of texts that are remembered: several screens of them. */
const capacity = 4_096;

/**
 * Gives a `stringWidth` a memory: Ink measures every text again for every frame. The bundle puts it around each copy of the
 * package `string-width`.
 */
export function rememberWidths<Options>(
  measure: (text: string, options?: Options) => number,
): (text: string, options?: Options) => number {
  const widths = new Map<string, number>();
  return (text, options) => {
    if (options !== undefined) return measure(text, options);
    let width = widths.get(text);
    if (width === undefined) {
      width = measure(text);
      if (widths.size >= capacity) widths.clear();
      widths.set(text, width);
    }
    return width;
  };
}
