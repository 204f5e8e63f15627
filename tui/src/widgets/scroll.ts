import { Store } from '../app/store.ts';

interface ScrollState {
  readonly top: number;
  /** True while the window stays at the end. */
  readonly isFollowing: boolean;
}

/** A window on lines that keep coming: it follows the end until somebody scrolls up, and again from the end on. */
export class Scroll {
  readonly state = new Store<ScrollState>({ top: 0, isFollowing: true });
  /** Lines in all, and lines of the window, in the last commit. */
  count = 0;
  height = 1;

  /** The first line of a window. */
  topOf(count: number, height: number): number {
    const { top, isFollowing } = this.state.get();
    const last = Math.max(0, count - height);
    return isFollowing ? last : Math.min(top, last);
  }

  move(by: number): void {
    const last = Math.max(0, this.count - this.height);
    const top = Math.max(0, Math.min(last, this.topOf(this.count, this.height) + by));
    this.state.set({ top, isFollowing: by > 0 && top >= last });
  }

  toTop(): void {
    this.state.set({ top: 0, isFollowing: false });
  }

  toBottom(): void {
    this.state.update((state) => ({ ...state, isFollowing: true }));
  }

  /** Stops where it is, or follows again. */
  toggle(): void {
    const { isFollowing } = this.state.get();
    this.state.set({ top: this.topOf(this.count, this.height), isFollowing: !isFollowing });
  }

  get page(): number {
    return Math.max(1, this.height - 1);
  }
}
