import { Semaphore } from './semaphore.ts';

/** Clients share nine of the pool's twelve connections; the others are the runner's, so that it keeps its leases. */
const forAllClients = 9;
const forOneCaller = 4;

/** Keeps slow or frequent requests of one caller from taking every connection. */
export class ConnectionQuota {
  readonly #all = new Semaphore(forAllClients);
  readonly #callers = new Map<string, Semaphore>();

  /** An undefined `caller` is the service role, which has no quota. */
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
