import { Fragment, type ReactNode } from 'react';
import { Store } from './store.ts';

/** The dialog that is open over the screen; at most one. */
export class Overlays {
  readonly current = new Store<ReactNode>(null);
  #opened = 0;

  /** Replaces what is open. `close` closes this dialog and no later one. */
  open(render: (close: () => void) => ReactNode): void {
    const close = (): void => {
      if (this.current.get() === element) this.close();
    };
    const element = <Fragment key={++this.#opened}>{render(close)}</Fragment>;
    this.current.set(element);
  }

  close(): void {
    this.current.set(null);
  }

  get isOpen(): boolean {
    return this.current.get() !== null;
  }
}
