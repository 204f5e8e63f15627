import { expect, test } from 'vitest';
import { ReportOutbox } from './report-outbox.ts';

const report = (token: string) => ({ token, outcome: 'done' as const, text: `of ${token}` });

test('reports wait until the database has them', () => {
  const outbox = new ReportOutbox();
  outbox.add(report('one'));
  const batch = outbox.takeBatch();
  outbox.add(report('two'));
  expect(outbox.tokensBeside(batch)).toEqual(['two']);
  expect(outbox.takeBatch()).toHaveLength(2);
  outbox.onAccepted(batch);
  expect(outbox.takeBatch()).toEqual([report('two')]);
});

test('a report that the database cannot store goes out bare, then is dropped, and delays no other', () => {
  const outbox = new ReportOutbox();
  outbox.add(report('bad'));
  outbox.add(report('good'));
  expect(outbox.onRefused(outbox.takeBatch(), 'no')).toBeNull();
  const [alone] = outbox.takeBatch();
  expect(alone).toEqual(report('bad'));
  expect(outbox.onRefused(outbox.takeBatch(), 'no')).toBeNull();
  expect(outbox.takeBatch()).toEqual([
    { token: 'bad', outcome: 'done', error: 'The report could not be stored: no' },
  ]);
  expect(outbox.onRefused(outbox.takeBatch(), 'no')).toBe('bad');
  outbox.onAccepted(outbox.takeBatch());
  expect(outbox.isEmpty).toBe(true);
});
