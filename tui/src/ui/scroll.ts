/** A window on lines that keep coming: it follows the end until somebody scrolls up, and again from the end on. */
export class Scroll {
  #top = 0;
  #isFollowing = true;
  #count = 0;
  #height = 1;

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  window(count: number, height: number): { readonly first: number; readonly count: number } {
    this.#count = count;
    this.#height = height;
    const last = Math.max(0, count - height);
    this.#top = this.#isFollowing ? last : Math.min(this.#top, last);
    return { first: this.#top, count: Math.min(height, count - this.#top) };
  }

  move(by: number): void {
    const last = Math.max(0, this.#count - this.#height);
    this.#top = Math.max(0, Math.min(last, this.#top + by));
    this.#isFollowing = by > 0 && this.#top >= last;
  }

  toTop(): void {
    this.move(-this.#count);
    this.#isFollowing = false;
  }

  toBottom(): void {
    this.#isFollowing = true;
  }

  toggle(): void {
    this.#isFollowing = !this.#isFollowing;
  }

  get page(): number {
    return Math.max(1, this.#height - 1);
  }
}
