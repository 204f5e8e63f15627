import { Semaphore } from './semaphore.ts';

/** Of the pool's twelve connections; what is left is the runner's, so that no face can cost it its leases. */
const forAllClients = 9;
const forOneCaller = 4;

/** Keeps the requests of one caller, however slow and many they are, from taking every connection. */
export class ConnectionQuota {
  readonly #all = new Semaphore(forAllClients);
  readonly #callers = new Map<string, Semaphore>();

  /** `caller` undefined: the service role, which waits for nobody. */
  async run<T>(caller: string | undefined, work: () => Promise<T>): Promise<T> {
    if (caller === undefined) return work();
    const own = this.#callers.get(caller) ?? new Semaphore(forOneCaller);
    this.#callers.set(caller, own);
    try {
      return await own.run(() => this.#all.run(work));
    } finally {
      if (own.isIdle) this.#callers.delete(caller);
    }
  }
}
