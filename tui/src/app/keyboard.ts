import { createContext, use, useLayoutEffect, useRef } from 'react';
import { type Input, key } from '../terminal/input.ts';

export type UserInput = Exclude<Input, { readonly type: 'reply' }>;

/** From the lowest to the highest. A prompt and everything above it keep every input from the layers below. */
const levels = ['app', 'screen', 'prompt', 'dialog', 'form', 'window'] as const;
const exclusive: readonly Level[] = ['prompt', 'dialog', 'form', 'window'];
/** Characters that arrive together only if they were pasted in a terminal that does not mark a paste. */
const unmarkedPaste = 32;
/** Milliseconds in which the key that closed a dialog, pressed once more, was still meant for the dialog. */
const repeatMs = 400;
type Level = (typeof levels)[number];

interface Layer {
  readonly level: Level;
  /** Returns false for an input that the layer has no use for. */
  handle: (input: UserInput) => boolean;
}

/**
 * Every input, in order, one at a time: the next one waits until React has committed what the last one changed, so that none is
 * handled by a component that is about to go.
 */
export class Keyboard {
  readonly #layers = new Set<Layer>();
  #queue: UserInput[] = [];
  #running: Promise<void> | null = null;
  /** The key that closed the last dialog, and its time in local epoch milliseconds. */
  #closed = { name: '', at: 0 };

  add(layer: Layer): () => void {
    this.#layers.add(layer);
    return () => this.#layers.delete(layer);
  }

  press(input: UserInput): void {
    this.#queue.push(input);
    this.#running ??= this.#run();
  }

  /** Drops what has not been handled yet. */
  clear(): void {
    this.#queue = [];
  }

  /** Resolves when every input was handled and committed. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let input = this.#next(); input !== undefined; input = this.#next()) {
      const hadDialog = this.#has('dialog');
      if (!this.#isRepeated(input)) this.#dispatch(input);
      await new Promise(setImmediate);
      if (hadDialog && !this.#has('dialog') && input.type === 'key')
        this.#closed = { name: input.name, at: Date.now() };
    }
    this.#running = null;
  }

  #has(level: Level): boolean {
    return [...this.#layers].some((layer) => layer.level === level);
  }

  #isRepeated(input: UserInput): boolean {
    const { name, at } = this.#closed;
    return input.type === 'key' && input.name === name && Date.now() - at < repeatMs && !this.#has('dialog');
  }

  /** Many characters in a row are one paste where text is edited: a commit for each would take minutes. */
  #next(): UserInput | undefined {
    if ([...this.#layers].some(({ level }) => exclusive.includes(level))) {
      const end = this.#queue.findIndex((input) => input.type !== 'key' || input.text === null);
      const length = end === -1 ? this.#queue.length : end;
      if (length >= unmarkedPaste) {
        const typed = this.#queue.splice(0, length);
        return {
          type: 'paste',
          text: typed.map((input) => (input.type === 'key' ? input.text : '')).join(''),
        };
      }
    }
    return this.#queue.shift();
  }

  #dispatch(input: UserInput): void {
    const isForm = this.#has('form');
    if (input.type === 'key' && input.name.startsWith('alt-') && !isForm) {
      // Nothing is bound to alt: over a slow link this is escape and the next key in one packet.
      const name = input.name.slice('alt-'.length);
      this.#queue.unshift(key('escape'), key(name, [...name].length === 1 ? name : null));
      return;
    }
    for (const level of levels.toReversed()) {
      const layers = [...this.#layers].filter((layer) => layer.level === level).toReversed();
      if (layers.some((layer) => layer.handle(input))) return;
      if (layers.length > 0 && exclusive.includes(level)) return;
    }
  }
}

export const KeyboardContext = createContext<Keyboard>(new Keyboard());

/** Handles inputs while the component is mounted; of one level, the component that mounted last comes first. */
export function useInputLayer(level: Level, handle: Layer['handle']): void {
  const keyboard = use(KeyboardContext);
  const layer = useRef<Layer>({ level, handle });
  useLayoutEffect(() => {
    layer.current.handle = handle;
  });
  useLayoutEffect(() => keyboard.add(layer.current), [keyboard]);
}
