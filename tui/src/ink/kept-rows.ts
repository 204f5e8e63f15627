import stringWidth from 'string-width';
import Output from '../../../node_modules/ink/build/output.js';

type Clip = Parameters<Output['clip']>[0];
type WriteOptions = Parameters<Output['write']>[3];

interface Write {
  readonly x: number;
  /** Rows from the first line of the text to this row, as a number that is not positive. */
  readonly top: number;
  readonly text: string;
  readonly options: WriteOptions;
  readonly clip: Clip | undefined;
}

interface Row {
  /** Everything that the row depends on; null where only composing it shows that. */
  key: string | null;
  readonly writes: Write[];
}

/** The rows of the last frame, by their keys. */
let lastRows = new Map<string, string>();

/**
 * Ink's compositor, except that a row is composed only when its writes differ from those of the frame before. Ink takes every cell of
 * the screen apart for every frame. Rows do not depend on each other, so the frames are equal to Ink's to the byte.
 */
export default class KeptRows extends Output {
  readonly #rows: Row[] = Array.from({ length: this.height }, () => ({ key: '', writes: [] }));
  readonly #clips: Clip[] = [];

  override write(x: number, y: number, text: string, options: WriteOptions): void {
    if (text === '') return;
    const clip = this.#clips.at(-1);
    const lines = text.includes('\n') ? text.split('\n') : [text];
    lines.forEach((line, index) => {
      const row = this.#rows[y + index];
      if (row === undefined || isCutOff(y + index, clip)) return;
      row.writes.push({ x, top: -index, text, options, clip });
      const transformed = transformedLine(line, index, options);
      // A transformer may treat a part of a line, or a line that inherits styles, in another way.
      const isWhole = transformed === null || (lines.length === 1 && !isCutShort(x, line, clip));
      if (row.key === null || !isWhole) row.key = null;
      else {
        row.key += `${x} ${clip?.x1 ?? ''} ${clip?.x2 ?? ''} ${index} ${text.length} ${text}`;
        if (transformed !== null && transformed !== line) row.key += ` ${transformed.length} ${transformed}`;
      }
    });
  }

  override clip(clip: Clip): void {
    this.#clips.push(intersection(this.#clips.at(-1), clip));
  }

  override unclip(): void {
    this.#clips.pop();
  }

  override get(): ReturnType<Output['get']> {
    const rows = new Map<string, string>();
    const output = this.#rows.map(({ key, writes }) => {
      if (writes.length === 0) return '';
      if (key === null) return this.#compose(writes);
      const whole = `${this.width} ${key}`;
      const row = lastRows.get(whole) ?? this.#compose(writes);
      rows.set(whole, row);
      return row;
    });
    lastRows = rows;
    return { output: output.join('\n'), height: this.height };
  }

  #compose(writes: readonly Write[]): string {
    const row = new Output({ width: this.width, height: 1 });
    for (const { x, top, text, options, clip } of writes) {
      row.clip({ x1: clip?.x1, x2: clip?.x2, y1: undefined, y2: undefined });
      row.write(x, top, text, options);
      row.unclip();
    }
    return row.get().output;
  }
}

/** Returns null where there is no transformer. */
function transformedLine(line: string, index: number, { transformers }: WriteOptions): string | null {
  if (transformers.length === 0) return null;
  return transformers.reduce((text, transform) => transform(text, index), line);
}

/** Ink cuts rows off only where a clip has both edges. */
function isCutOff(y: number, clip: Clip | undefined): boolean {
  return clip?.y1 !== undefined && clip.y2 !== undefined && (y < clip.y1 || y >= clip.y2);
}

function isCutShort(x: number, line: string, clip: Clip | undefined): boolean {
  if (clip?.x1 === undefined || clip.x2 === undefined) return false;
  return x < clip.x1 || x + stringWidth(line) > clip.x2;
}

function intersection(outer: Clip | undefined, inner: Clip): Clip {
  return {
    x1: tighter(outer?.x1, inner.x1, Math.max),
    x2: tighter(outer?.x2, inner.x2, Math.min),
    y1: tighter(outer?.y1, inner.y1, Math.max),
    y2: tighter(outer?.y2, inner.y2, Math.min),
  };
}

function tighter(
  a: number | undefined,
  b: number | undefined,
  choose: (a: number, b: number) => number,
): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : choose(a, b);
}
