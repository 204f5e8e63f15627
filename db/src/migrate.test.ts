import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '../testing/database.ts';
import { migrate, migrationState } from './migrate.ts';

describe('on a fresh project', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await cloneDatabase('fresh');
  });
  afterAll(() => database.drop());

  test('a dry run names every migration and changes nothing', async () => {
    const names = await migrate(database.url, { dryRun: true });
    expect(names[0]).toBe('0001_tenants');
    expect(await database.query(`select to_regnamespace('hq') as hq`)).toEqual([{ hq: null }]);
  });

  test('applies as an owner who is no superuser, and the second time nothing', async () => {
    const steps: string[] = [];
    const first = await migrate(database.url, { onStep: (step) => steps.push(step) });
    expect(steps).toEqual([...first, 'catalogue of actions']);
    steps.length = 0;
    expect(await migrate(database.url, { onStep: (step) => steps.push(step) })).toEqual([]);
    expect(steps).toEqual([]);
    expect(await migrationState(database.url)).toMatchObject({
      pending: [],
      changed: [],
      unknown: [],
      policy: [],
    });
  });
});
