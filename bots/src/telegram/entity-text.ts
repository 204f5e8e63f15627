import { cutEnd } from './cut.ts';
import { neutral } from './neutral.ts';

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

  /** Adds a part as it is. Beyond the entities that Telegram takes, its signs are taken instead, which keeps its length. */
  add(part: string, type?: TextEntity['type']): this {
    if (type !== undefined && part.trim() !== '') {
      if (this.#entities.length < mostEntities) {
        this.#entities.push({ type, offset: this.#text.length, length: part.length });
      } else if (type !== 'bold') {
        this.#text += cutEnd(neutral(part), part.length);
        return this;
      }
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
