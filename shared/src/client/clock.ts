/**
 * The database's clock, as far as this machine knows it. Ages are computed against it, so that a wrong local clock
 * cannot make a live gateway look stale, or a stale one live.
 */
export type DatabaseClock = ReturnType<typeof createDatabaseClock>;

const reliableForMs = 60_000;

export function createDatabaseClock(localNow: () => number = Date.now) {
  let offset: number | null = null;
  let answeredAt = Number.NEGATIVE_INFINITY;
  return {
    /** Epoch milliseconds by the database's clock; by the local clock before the first answer. */
    now: () => localNow() + (offset ?? 0),
    /** Milliseconds that the database is ahead of this machine; null before the first answer. */
    offset: () => offset,
    /** True if the last answer is too old to rely on: the local clock may have been set since, also back. */
    isOld: () => Math.abs(localNow() - answeredAt) > reliableForMs,
    /** Takes the time of an answer whose request was sent and received at these local times. */
    adopt(databaseTime: string, sentAt: number, receivedAt: number): void {
      const answered = Date.parse(databaseTime);
      if (Number.isNaN(answered)) return;
      // The database read its clock between the two times; their middle is off by half the trip at most.
      answeredAt = receivedAt;
      offset = answered - (sentAt + receivedAt) / 2;
    },
  };
}
