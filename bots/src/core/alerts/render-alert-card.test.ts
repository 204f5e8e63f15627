import { describe, expect, it } from 'vitest';
import { alertWith } from '../../../testing/alert.ts';
import { textOf } from '../../../testing/test-adapter.ts';
import { alertButtonOffers } from './alert-buttons.ts';
import type { AlertRow } from './alert-row.ts';
import { countFitting, renderAlertCard } from './render-alert-card.ts';

const seen = { read_at: '2026-11-22T12:05:00Z', seen_by: 'ann@example.test' };
const ended = { resolved_at: '2026-11-22T12:10:00Z' };
const muted = {
  ...seen,
  muted: true,
  muted_by: 'ben@example.test',
  muted_until: '2026-11-22T13:05:00Z',
};
const one = (more: Partial<AlertRow> = {}) =>
  alertWith({ id: '12345678-aaaa', title: 'writer is in error', ...more });
const cardOf = (...alerts: AlertRow[]) => renderAlertCard({ alerts, more: 0, buttons: [] });
const labels = (...alerts: AlertRow[]) => alertButtonOffers(alerts).map(({ label }) => label);

describe('the message of one alert', () => {
  it.each([
    ['how bad it is', {}, 'error', 'bad', undefined],
    ['how often it came', { occurrences: 3 }, 'error, 3 times', 'bad', undefined],
    ['who has seen it', seen, 'seen', 'bad', 'seen by ann@example.test, 12:05 UTC'],
    ['who muted it', muted, 'muted', 'bad', 'muted until 13:05 UTC by ben@example.test'],
    [
      'until which day it is muted, where that is another one',
      { ...muted, muted_until: '2026-11-24T13:05:00Z' },
      'muted',
      'bad',
      'muted until 2026-11-24 13:05 UTC by ben@example.test',
    ],
    ['that it is over', ended, 'over after 10m00s', 'good', undefined],
    [
      'who had seen it, also when it is over',
      { ...seen, ...ended },
      'over after 10m00s',
      'good',
      'seen by ann@example.test, 12:05 UTC',
    ],
    ['that it was dismissed', { dismissed_at: '2026-11-22T12:10:00Z' }, 'dismissed', 'neutral', undefined],
  ] as const)('says %s', (_what, more, state, tone, stamp) => {
    const card = cardOf(one(more));
    expect(card).toMatchObject({ title: 'writer is in error', state, tone });
    expect(card.stamp).toBe(stamp);
  });

  it('offers the remaining actions', () => {
    const failed = one({ entity_type: 'agent_command', entity_id: 'c', meta: { gateway_id: 'g' } });
    expect(labels(failed)).toEqual(['Acknowledge', 'Mute for 1 h', 'Retry', 'Open logs']);
    expect(labels({ ...failed, ...seen })).toEqual(['Mute for 1 h', 'Retry', 'Open logs']);
    expect(labels({ ...failed, ...muted })).toEqual(['Retry', 'Open logs']);
    expect(labels({ ...failed, ...ended })).toEqual([]);
    const meta = { gateway_id: 'g', channel: 'telegram' };
    const asked = one({ type: 'pairing_requested', entity_id: 'p', meta });
    expect(labels(asked)[0]).toBe('Approve');
  });
});

describe('the message of several alerts', () => {
  const [first, second] = [
    alertWith({ id: 'aaaaaaaa-1' }),
    alertWith({ id: 'bbbbbbbb-2', severity: 'warning' }),
  ];

  it('lists each with its state, and counts open ones and those that do not fit', () => {
    const card = renderAlertCard({ alerts: [{ ...first, ...ended }, second], more: 3, buttons: [] });
    expect(card).toMatchObject({ title: '5 alerts', state: '4 open', tone: 'warning' });
    expect(textOf(card)).toMatch(
      /aaaaaaaa aaaaaaaa-1: over after 10m00s\nbbbbbbbb bbbbbbbb-2: warning\nand 3 more/,
    );
  });

  it('lists as many as fit in any later state, and at least one', () => {
    const many = Array.from({ length: 80 }, (_, n) => alertWith({ id: `aaaaaaaa-${n}`, title: 'short' }));
    expect(countFitting(many, 100_000)).toBe(50);
    expect(countFitting(many.slice(0, 10), 100_000)).toBe(10);
    const long = many.map((alert) => ({ ...alert, title: `${'😀'.repeat(200)}` }));
    const count = countFitting(long, 2_000);
    expect(count).toBeGreaterThan(5);
    const worst = long.slice(0, count).map((alert) => ({
      ...alert,
      occurrences: 1_000_000,
      resolved_at: '2027-12-22T12:10:00Z',
    }));
    const card = renderAlertCard({ alerts: worst, more: 1_000_000, buttons: [] });
    expect((card.body ?? []).map(({ text }) => text).join('').length).toBeLessThanOrEqual(2_000);
    expect(textOf(card).isWellFormed()).toBe(true);
    expect(countFitting(long, 10)).toBe(1);
  });

  it('is over when all are over', () => {
    const card = cardOf({ ...first, ...ended }, { ...second, ...ended });
    expect(card).toMatchObject({ state: 'all over', tone: 'good' });
    expect(labels({ ...first, ...ended }, { ...second, ...ended })).toEqual([]);
    const some = renderAlertCard({ alerts: [{ ...first, ...ended }], more: 7, buttons: [] });
    expect(some).toMatchObject({ title: '8 alerts', state: 'those listed are over', tone: 'neutral' });
  });

  it('is acknowledged when all open ones are, by the last person', () => {
    expect(cardOf({ ...first, ...seen }, second).stamp).toBeUndefined();
    expect(labels({ ...first, ...seen }, second)).toEqual(['Acknowledge all']);
    const later = { read_at: '2026-11-22T12:06:00Z', seen_by: 'ben@example.test' };
    expect(cardOf({ ...second, ...later }, { ...first, ...seen }).stamp).toBe(
      'seen by ben@example.test, 12:06 UTC',
    );
    expect(labels({ ...first, ...seen }, { ...second, ...later })).toEqual([]);
  });
});
