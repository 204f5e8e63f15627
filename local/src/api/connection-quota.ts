import { Turnstile } from './semaphore.ts';

/** Of the pool's twelve connections; what is left is the runner's, so that no face can cost it its leases. */
const ofAllFaces = 9;
const ofOneCaller = 4;

/** Keeps the requests of one caller, however slow and many they are, from taking every connection. */
export class FairShare {
  readonly #all = new Turnstile(ofAllFaces);
  readonly #callers = new Map<string, Turnstile>();

  /** `caller` undefined: the service role, which waits for nobody. */
  async take<T>(caller: string | undefined, work: () => Promise<T>): Promise<T> {
    if (caller === undefined) return work();
    const own = this.#callers.get(caller) ?? new Turnstile(ofOneCaller);
    this.#callers.set(caller, own);
    try {
      return await own.pass(() => this.#all.pass(work));
    } finally {
      if (own.isEmpty) this.#callers.delete(caller);
    }
  }
}
