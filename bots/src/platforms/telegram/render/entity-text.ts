export interface TextEntity {
  readonly type: 'bold' | 'code' | 'pre';
  readonly offset: number;
  readonly length: number;
}

export interface EntityText {
  readonly text: string;
  readonly entities: readonly TextEntity[];
}

const maxEntities = 100;

/** Builds a text with entities in place of markup. Offsets count UTF-16 units. */
export class EntityWriter {
  #text = '';
  readonly #entities: TextEntity[] = [];

  get length(): number {
    return this.#text.length;
  }

  /** Telegram takes no more entities: further code is plain text. */
  get isFull(): boolean {
    return this.#entities.length >= maxEntities;
  }

  add(part: string, type?: TextEntity['type']): this {
    if (type !== undefined && part.trim() !== '' && !this.isFull) {
      this.#entities.push({ type, offset: this.#text.length, length: part.length });
    }
    this.#text += part;
    return this;
  }

  /** Removes white space at the end, which Telegram refuses. */
  finish(): EntityText {
    const text = this.#text.trimEnd();
    const entities = this.#entities
      .map((entity) => ({ ...entity, length: Math.min(entity.length, text.length - entity.offset) }))
      .filter(({ length }) => length > 0);
    return { text, entities };
  }
}
