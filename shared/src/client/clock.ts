/**
 * The database's clock, as far as this machine knows it. Ages are computed against it, so that a wrong local clock
 * cannot make a live gateway look stale, or a stale one live.
 */
export interface DatabaseClock {
  /** Epoch milliseconds by the database's clock; the local clock until the database was asked once. */
  now(): number;
  /** How far the database is ahead of this machine, in milliseconds; null until it was asked. */
  offset(): number | null;
  /** Whether it was asked too long ago to be relied on: the local clock may have been set since. */
  isOld(): boolean;
  /** Takes the database's answer to a request that left and came back at these local times. */
  adopt(databaseTime: string, sentAt: number, receivedAt: number): void;
}

const reliableForMs = 60_000;

export function createDatabaseClock(localNow: () => number = Date.now): DatabaseClock {
  let offset: number | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  return {
    now: () => localNow() + (offset ?? 0),
    offset: () => offset,
    // A clock that was set back counts as old too.
    isOld: () => Math.abs(localNow() - askedAt) > reliableForMs,
    adopt(databaseTime, sentAt, receivedAt) {
      const told = Date.parse(databaseTime);
      if (Number.isNaN(told)) return;
      // The database looked at its clock somewhere between the two; the middle is off by half the trip at most.
      askedAt = receivedAt;
      offset = told - (sentAt + receivedAt) / 2;
    },
  };
}
