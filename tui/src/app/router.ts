import { Store } from './store.ts';

/** A screen, and the row that it is about where it is about one. */
export interface Route {
  readonly screen: string;
  readonly id: string | null;
}

/** The way to the screen that is open; each screen with a tab begins a new one. */
export class Router {
  readonly trail: Store<readonly [Route, ...Route[]]>;

  constructor(first: string) {
    this.trail = new Store([{ screen: first, id: null }]);
  }

  get route(): Route {
    const trail = this.trail.get();
    return trail.at(-1) ?? trail[0];
  }

  open(screen: string, id: string | null = null): void {
    const isHere = this.route.screen === screen && this.route.id === id;
    if (!isHere) this.trail.update((trail) => [...trail, { screen, id }]);
  }

  openTab(screen: string): void {
    this.trail.set([{ screen, id: null }]);
  }

  /** Returns false where the trail begins. */
  back(): boolean {
    const [first, ...others] = this.trail.get();
    if (others.length === 0) return false;
    this.trail.set([first, ...others.slice(0, -1)]);
    return true;
  }
}
