import type { HqError } from '@hq/shared/errors';
import type { LiveQuery, LiveSnapshot } from '@hq/shared/live';

/**
 * Waits until `look` finds what it waits for in the rows of a query: it returns null to go on, and throws to fail. Fails with
 * `tooLate` after `timeoutMs`, null being no limit, and with an error of the query that is not a lost connection.
 */
export async function until<Row, Found>(
  query: LiveQuery<Row>,
  look: (snapshot: LiveSnapshot<Row>) => Found | null,
  timeoutMs: number | null,
  tooLate: () => HqError,
): Promise<Found> {
  const { promise, resolve, reject } = Promise.withResolvers<Found>();
  const limit = timeoutMs === null ? undefined : setTimeout(() => reject(tooLate()), timeoutMs);
  const stop = query.subscribe(() => {
    const snapshot = query.getSnapshot();
    try {
      if (snapshot.error !== null && snapshot.error.code !== 'unreachable') throw snapshot.error;
      const found = look(snapshot);
      if (found !== null) resolve(found);
    } catch (failure) {
      reject(failure);
    }
  });
  try {
    return await promise;
  } finally {
    clearTimeout(limit);
    stop();
  }
}
