import pg from 'pg';
import { expect, test } from 'vitest';
import { cloneDatabase } from '../testing/database.ts';
import { inTransaction, withLockRetries } from './apply-file.ts';

test('a migration that cannot get its tables says who holds them (F23)', async () => {
  const database = await cloneDatabase();
  const reader = new pg.Client({ connectionString: database.url, application_name: 'nightly report' });
  const client = new pg.Client({ connectionString: database.url });
  try {
    await reader.connect();
    await client.connect();
    await reader.query('begin; select from tasks');
    const migration = withLockRetries(
      client,
      () => inTransaction(client, () => client.query('lock table tasks in access exclusive mode')),
      1_000,
    );
    await expect(migration).rejects.toMatchObject({
      code: 'timed_out',
      message: expect.stringMatching(
        /^process \d+ \(nightly report\), in a transaction since [\d:]+ UTC holds tables/,
      ),
    });
  } finally {
    await Promise.all([reader.end(), client.end()]);
    await database.drop();
  }
});
