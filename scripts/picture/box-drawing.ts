/** The edges of its cell that the lines of a box-drawing character reach. */
const edges: Readonly<Record<string, string>> = {
  '─': 'lr',
  '│': 'tb',
  '┌': 'rb',
  '┐': 'lb',
  '└': 'tr',
  '┘': 'tl',
  '├': 'trb',
  '┤': 'tlb',
  '┬': 'lrb',
  '┴': 'tlr',
  '┼': 'tlrb',
};
const corners: Readonly<Record<string, string>> = { '╭': 'rb', '╮': 'lb', '╰': 'tr', '╯': 'tl' };

/**
 * Returns the path of a box-drawing character, or of a line of `─`; undefined for any other text.
 * Drawn and not set in a font, because glyphs of a narrow font leave gaps.
 */
export function boxPath(
  text: string,
  x: number,
  y: number,
  cell: { readonly width: number; readonly height: number },
): string | undefined {
  const [first = ''] = text;
  const [middleX, middleY] = [x + cell.width / 2, y + Math.floor(cell.height / 2) + 0.5];
  const ends: Readonly<Record<string, string>> = {
    l: `${x} ${middleY}`,
    r: `${x + cell.width} ${middleY}`,
    t: `${middleX} ${y}`,
    b: `${middleX} ${y + cell.height}`,
  };
  if (text.length > 1) return first === '─' ? `M${ends.l}h${text.length * cell.width}` : undefined;
  const [from, to] = corners[first] ?? '';
  if (from !== undefined && to !== undefined) return `M${ends[from]}Q${middleX} ${middleY} ${ends[to]}`;
  const reached = edges[first];
  if (reached === undefined) return undefined;
  return Array.from(reached, (edge) => `M${middleX} ${middleY}L${ends[edge]}`).join('');
}

/** The part of its cell that a block character fills, in shares of the cell. */
interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Returns the part that a block character (U+2580 to U+2590) fills; undefined for any other text. */
export function partOfCell(text: string): Part | undefined {
  const code = text.codePointAt(0) ?? 0;
  if (code === 0x2580) return { x: 0, y: 0, width: 1, height: 0.5 };
  if (code > 0x2580 && code <= 0x2588) {
    const height = (code - 0x2580) / 8;
    return { x: 0, y: 1 - height, width: 1, height };
  }
  if (code > 0x2588 && code <= 0x258f) return { x: 0, y: 0, width: (0x2590 - code) / 8, height: 1 };
  return code === 0x2590 ? { x: 0.5, y: 0, width: 0.5, height: 1 } : undefined;
}
