import { useState, useSyncExternalStore } from 'react';

/**
 * A value that components read. React commits what comes out of a store before anything else may happen, so that the next key finds
 * what the last one changed; `useState` does not.
 */
export class Store<Value> {
  readonly #listeners = new Set<() => void>();
  #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  readonly get = (): Value => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(value: Value): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  update(change: (value: Value) => Value): void {
    this.set(change(this.#value));
  }
}

export function useStore<Value>(store: Pick<Store<Value>, 'get' | 'subscribe'>): Value {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** As `useState`, for what keys change. */
export function useStored<Value>(initial: () => Value): readonly [Value, Store<Value>] {
  const [store] = useState(() => new Store(initial()));
  return [useStore(store), store];
}
