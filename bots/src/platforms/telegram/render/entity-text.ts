export interface TextEntity {
  readonly type: 'bold' | 'code' | 'pre';
  readonly offset: number;
  readonly length: number;
}

export interface EntityText {
  readonly text: string;
  readonly entities: readonly TextEntity[];
}

const mostEntities = 100;

/** Puts a text together, with what its parts are as entities. Offsets are UTF-16 units, as JavaScript counts. */
export class EntityWriter {
  #text = '';
  readonly #entities: TextEntity[] = [];

  get length(): number {
    return this.#text.length;
  }

  /** Telegram takes no more entities: from here on code is text like any other. */
  get isFull(): boolean {
    return this.#entities.length >= mostEntities;
  }

  /** Adds a part as it is. */
  add(part: string, type?: TextEntity['type']): this {
    if (type !== undefined && part.trim() !== '' && !this.isFull) {
      this.#entities.push({ type, offset: this.#text.length, length: part.length });
    }
    this.#text += part;
    return this;
  }

  /** Telegram takes no white space at the end. */
  done(): EntityText {
    const text = this.#text.trimEnd();
    const entities = this.#entities
      .map((each) => ({ ...each, length: Math.min(each.length, text.length - each.offset) }))
      .filter(({ length }) => length > 0);
    return { text, entities };
  }
}
