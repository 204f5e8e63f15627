import { catalogue } from '@hq/shared/actions';
import { withoutShapes } from '@hq/shared/text';
import { afterEach, expect, test } from 'vitest';
import { setResultReporter } from '../../../../shared/src/actions/result-reporter.ts';
import { refuseMisfits } from '../../../../shared/testing/strict-results.ts';
import { commandAt } from '../../../testing/command-row.ts';
import { lastLines, renderCommandCard } from './render-command-card.ts';

afterEach(refuseMisfits);

test('returns the last whole lines that fit', () => {
  expect(lastLines('one\ntwo\nthree\n\n', 100, 2)).toBe('two\nthree');
  expect(lastLines('one\ntwo\nthree', 9, 10)).toBe('three');
});

test('returns the end of a line that is too long', () => {
  expect(lastLines(`${'x'.repeat(50)} disk full`, 9, 10)).toBe('disk full');
});

test('never begins inside a token', () => {
  const token = `sk-ant-${'aB3dE5gH7jK9'.repeat(8)}`;
  for (let limit = 10; limit < 200; limit += 1) {
    const shown = lastLines(`${'x'.repeat(50)} ${token} disk full`, limit, 9);
    expect(withoutShapes(shown)).not.toContain('jK9');
  }
});

test('shows the reason when a result does not fit its schema, and no result', () => {
  setResultReporter(() => undefined);
  const row = {
    ...commandAt(1, { action: 'restart_gateway', status: 'done' }),
    result: { service: 'gateway', tookMs: 'long' },
  };
  const card = renderCommandCard(catalogue, {
    row,
    gateway: null,
    output: '',
    askedBy: 'ann@example.org',
    stamp: undefined,
    blocker: null,
    buttons: [],
    now: Date.parse('2026-01-01T00:01:00Z'),
    maxText: 3_000,
  });
  expect(card.state).toMatch(/^done/);
  expect(card.body).toEqual([
    { kind: 'text', text: 'Asked by ann@example.org, ' },
    { kind: 'time', text: expect.stringMatching(/UTC$/), at: Date.parse(row.created_at) },
    { kind: 'text', text: '\n' },
    { kind: 'text', text: expect.stringMatching(/^The result of .* does not fit its schema: tookMs: .*\.$/) },
  ]);
});
