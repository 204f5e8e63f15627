import Output from '../../../node_modules/ink/build/output.js';

type Clip = Parameters<Output['clip']>[0];

interface Write {
  readonly x: number;
  readonly text: string;
  /** The columns that may be written, from the first up to the second; undefined is unbounded. */
  readonly columns: readonly [number | undefined, number | undefined];
}

/** The rows of the last frame, by what was written into them. */
let keptRows = new Map<string, string>();

/**
 * Ink's compositor, but for this: Ink takes every cell of the screen apart and puts it together again for every frame; this
 * one does so only in rows into which something else is written than in the frame before. A row depends on nothing but what
 * is written into it, so the frames are the same to the byte. A frame with more than plain rows goes Ink's own way.
 */
export default class KeptRows extends Output {
  readonly #rows: Write[][] = Array.from({ length: this.height }, () => []);
  #clips: Clip[] = [];
  #isPlain = true;

  override write(x: number, y: number, text: string, options: Parameters<Output['write']>[3]): void {
    super.write(x, y, text, options);
    // Every text has a transformer, which colours it; where the text has its colours already, that changes nothing.
    const isAsItStands = options.transformers.every((transform) => transform(text, 0) === text);
    this.#isPlain &&= isAsItStands && !text.includes('\n') && this.#clips.length < 2;
    const { x1, x2, y1, y2 } = this.#clips[0] ?? {};
    // Ink cuts rows off only where a clip has both edges.
    const isShown = y1 === undefined || y2 === undefined || (y >= y1 && y < y2);
    if (text !== '' && isShown) this.#rows[y]?.push({ x, text, columns: [x1, x2] });
  }

  override clip(clip: Clip): void {
    super.clip(clip);
    this.#clips.push(clip);
  }

  override unclip(): void {
    super.unclip();
    this.#clips.pop();
  }

  override get(): ReturnType<Output['get']> {
    if (!this.#isPlain) return super.get();
    const rows = new Map<string, string>();
    const output = this.#rows.map((writes) => {
      const key = JSON.stringify([this.width, writes]);
      const row = keptRows.get(key) ?? this.#compose(writes);
      rows.set(key, row);
      return row;
    });
    keptRows = rows;
    return { output: output.join('\n'), height: this.height };
  }

  #compose(writes: readonly Write[]): string {
    const row = new Output({ width: this.width, height: 1 });
    for (const { x, text, columns } of writes) {
      row.clip({ x1: columns[0], x2: columns[1], y1: undefined, y2: undefined });
      row.write(x, 0, text, { transformers: [] });
      row.unclip();
    }
    return row.get().output;
  }
}
