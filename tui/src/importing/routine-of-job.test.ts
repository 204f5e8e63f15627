import { describe, expect, it } from 'vitest';
import type { CronJob } from '../openclaw-home/read-state.ts';
import { routineOfJob } from './routine-of-job.ts';

const job = (schedule: CronJob['schedule'], more: Partial<CronJob> = {}): CronJob => ({
  ...{ id: 'j', agent: 'ann', name: 'daily', enabled: true, message: 'Report.' },
  ...{ schedule, ...more },
});
const every = (minutes: number) => job({ kind: 'every', everyMs: minutes * 60_000 });

describe('a cron job', () => {
  it('becomes a routine of the same times and the same message', () => {
    expect(routineOfJob(job({ kind: 'cron', expr: ' 0 7 * * 1-5 ', tz: 'Europe/Paris' }), 'ann')).toEqual({
      payload: {
        ...{ name: 'daily (ann)', agent: 'ann', instructions: 'Report.' },
        ...{ schedule: '0 7 * * 1-5', time_zone: 'Europe/Paris' },
      },
    });
  });

  it.each([
    [1, '*/1 * * * *'],
    [10, '*/10 * * * *'],
    [60, '0 */1 * * *'],
    [360, '0 */6 * * *'],
    [1440, '0 0 * * *'],
  ])('of every %d minutes becomes %s', (minutes, schedule) => {
    expect(routineOfJob(every(minutes), 'ann')).toMatchObject({ payload: { schedule } });
  });

  it('stays where a routine cannot have its times or its text', () => {
    const cases: CronJob[] = [
      ...[every(7), every(0.5), every(2880)],
      job({ kind: 'cron', expr: '0 0 7 * * *' }),
      job({ kind: 'at', at: '2026-12-24T08:00:00Z' }),
      job({ kind: 'cron', expr: '0 7 * * *' }, { message: 'x'.repeat(9_000) }),
    ];
    for (const one of cases) expect(routineOfJob(one, 'ann')).toMatchObject({ reason: expect.any(String) });
  });
});
