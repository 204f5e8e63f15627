import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

/** The next times of a schedule after a moment, as UTC to the minute. */
async function nextRuns(schedule: string, zone: string, after: string, count: number): Promise<string[]> {
  const rows = await database.query<{ at: Date }>(
    `with recursive r (at, n) as (
       select hq.next_run($1, $2, $3::timestamptz), 1
       union all select hq.next_run($1, $2, r.at), r.n + 1 from r where r.n < $4 and r.at is not null)
     select at from r where at is not null order by n`,
    [schedule, zone, after, count],
  );
  return rows.map(({ at }) => at.toISOString().slice(0, 16));
}

describe('a schedule', () => {
  test.each([
    ['30 8 * * mon-fri', 'UTC', '2026-12-04T09:00Z', ['2026-12-07T08:30', '2026-12-08T08:30']],
    [
      '*/20 9-10 * * *',
      'UTC',
      '2026-12-01T09:30Z',
      ['2026-12-01T09:40', '2026-12-01T10:00', '2026-12-01T10:20'],
    ],
    ['0 0 29 2 *', 'UTC', '2026-03-01T00:00Z', ['2028-02-29T00:00', '2032-02-29T00:00']],
    ['0 12 1 jan,jul *', 'Asia/Kolkata', '2026-12-01T00:00Z', ['2027-01-01T06:30', '2027-07-01T06:30']],
    [
      '0 0 13 * fri',
      'UTC',
      '2026-11-10T00:00Z',
      [
        '2026-11-13T00:00',
        '2026-11-20T00:00',
        '2026-11-27T00:00',
        '2026-12-04T00:00',
        '2026-12-11T00:00',
        '2026-12-13T00:00',
      ],
    ],
    ['0 6 * * 7', 'UTC', '2026-12-01T00:00Z', ['2026-12-06T06:00', '2026-12-13T06:00']],
    ['59 23 31 12 *', 'Pacific/Kiritimati', '2026-01-01T00:00Z', ['2026-12-31T09:59']],
  ])('%s in %s', async (schedule, zone, after, expected) => {
    expect(await nextRuns(schedule, zone, after, expected.length)).toEqual(expected);
  });

  test.each([
    [
      'at an hour that the clocks skip',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:30', '2026-03-30T00:30', '2026-03-31T00:30'],
    ],
    [
      'at an hour that the clocks show twice',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:30', '2026-10-26T01:30', '2026-10-27T01:30'],
    ],
  ])('runs once a day %s', async (_what, after, expected) => {
    expect(await nextRuns('30 2 * * *', 'Europe/Berlin', after, 3)).toEqual(expected);
  });

  test('of every hour runs each hour that passes', async () => {
    expect(await nextRuns('15 * * * *', 'Europe/Berlin', '2026-10-24T23:00Z', 4)).toEqual([
      ...['2026-10-24T23:15', '2026-10-25T00:15', '2026-10-25T01:15', '2026-10-25T02:15'],
    ]);
    expect(await nextRuns('15 * * * *', 'Europe/Berlin', '2026-03-29T00:00Z', 3)).toEqual([
      ...['2026-03-29T00:15', '2026-03-29T01:15', '2026-03-29T02:15'],
    ]);
  });

  test('in a zone that changes by half an hour runs once a day', async () => {
    expect(await nextRuns('45 1 * * *', 'Australia/Lord_Howe', '2026-04-03T16:00Z', 3)).toEqual([
      ...['2026-04-04T14:45', '2026-04-05T15:15', '2026-04-06T15:15'],
    ]);
  });

  test('that never comes has no time', async () => {
    expect(await nextRuns('0 0 30 2 *', 'UTC', '2026-01-01T00:00Z', 1)).toEqual([]);
  });

  test.each([
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    'x * * * *',
    '1,,2 * * * *',
    '',
    '* * * foo *',
    '-1 * * * *',
  ])('"%s" is refused with the field', async (schedule) => {
    await expect(nextRuns(schedule, 'UTC', '2026-01-01T00:00Z', 1)).rejects.toMatchObject({
      code: '22023',
      column: 'schedule',
    });
  });
});
