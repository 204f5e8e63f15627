import { useInputLayer } from '../app/keyboard.ts';

export interface Binding {
  readonly does: string;
  /** All keys that do it, the one to show first. */
  readonly keys: readonly string[];
  /** One or two words for the last line; not shown there where left out. */
  readonly short?: string;
  /** A sentence fragment for the help. */
  readonly about: string;
  /** Set for a key that changes something outside this screen: off under `--readonly`. */
  readonly writes?: true;
  /** The thing that it acts on; the name is shown where that is not the selected row. */
  readonly aimsAt?: 'gateway' | 'agent';
}

export type Handlers<Bindings extends readonly Binding[]> = Readonly<
  Record<Bindings[number]['does'], () => void>
>;

/** Runs the handler that a key is bound to, while the component is mounted. `before` is called for every key. */
export function useBindings<const Bindings extends readonly Binding[]>(
  level: 'app' | 'screen',
  bindings: Bindings,
  handlers: Handlers<Bindings>,
  before?: () => void,
): void {
  useInputLayer(level, (input) => {
    if (input.type !== 'key') return false;
    before?.();
    const does: Bindings[number]['does'] | undefined = bindings.find(({ keys }) =>
      keys.includes(input.name),
    )?.does;
    if (does === undefined) return false;
    handlers[does]();
    return true;
  });
}

/** Returns a handler that works on a row, and does nothing without one. */
export function withRow<Row>(row: Row | null, act: (row: Row) => void): () => void {
  return () => {
    if (row !== null) act(row);
  };
}

const shownNames: Readonly<Record<string, string>> = { escape: 'esc', pagedown: 'pgdn', pageup: 'pgup' };

/** The name of a key as people read it. */
export function showKey(key: string): string {
  return shownNames[key] ?? key;
}
