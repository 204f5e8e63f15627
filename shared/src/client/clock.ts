/**
 * The database's clock, as far as this machine knows it. Ages are computed against it, so that a wrong local clock
 * cannot make a live gateway look stale, or a stale one live.
 */
export interface DatabaseClock {
  /** Epoch milliseconds by the database's clock; by the local clock before the first answer. */
  now(): number;
  /** Milliseconds that the database is ahead of this machine; null before the first answer. */
  offset(): number | null;
  /** True if the last answer is too old to rely on: the local clock may have been set since. */
  isOld(): boolean;
  /** Takes the time of an answer whose request was sent and received at these local times. */
  adopt(databaseTime: string, sentAt: number, receivedAt: number): void;
}

const reliableForMs = 60_000;

export function createDatabaseClock(localNow: () => number = Date.now): DatabaseClock {
  let offset: number | null = null;
  let answeredAt = Number.NEGATIVE_INFINITY;
  return {
    now: () => localNow() + (offset ?? 0),
    offset: () => offset,
    // A local clock that was set back counts too.
    isOld: () => Math.abs(localNow() - answeredAt) > reliableForMs,
    adopt(databaseTime, sentAt, receivedAt) {
      const answered = Date.parse(databaseTime);
      if (Number.isNaN(answered)) return;
      // The database read its clock between the two times; their middle is off by half the trip at most.
      answeredAt = receivedAt;
      offset = answered - (sentAt + receivedAt) / 2;
    },
  };
}
