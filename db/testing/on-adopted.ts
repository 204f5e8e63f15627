import { test } from 'vitest';
import type { TestDatabase } from './database.ts';
import { openAdoptedHq } from './older-hq.ts';

/** A test with an adopted HQ of its own. */
export function onAdopted(name: string, work: (database: TestDatabase) => Promise<void>): void {
  test(name, async () => {
    const database = await openAdoptedHq();
    try {
      await work(database);
    } finally {
      await database.drop();
    }
  });
}
