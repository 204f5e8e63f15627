import { describe, expect, it } from 'vitest';
import { alertWith } from '../../../testing/alert.ts';
import { severities } from './alert-row.ts';
import { matchesFilter } from './matches-filter.ts';

const alert = alertWith({ id: 'a', type: 'task_blocked', severity: 'warning', meta: { tags: ['release'] } });
const writer = { slug: 'writer', tags: ['docs', 'team-a'] };

describe('a filter', () => {
  it('accepts everything that it does not limit', () => {
    expect(matchesFilter({}, alert, null)).toBe(true);
    expect(matchesFilter({}, { ...alert, severity: 'info' }, null)).toBe(true);
  });

  it('accepts its severity and worse', () => {
    const through = severities.filter((severity) =>
      matchesFilter({ severity: 'error' }, { ...alert, severity }, null),
    );
    expect(through).toEqual(['error', 'critical']);
  });

  it('limits kinds and agents', () => {
    expect(matchesFilter({ kinds: ['task_blocked', 'task_overdue'] }, alert, null)).toBe(true);
    expect(matchesFilter({ kinds: ['task_overdue'] }, alert, null)).toBe(false);
    expect(matchesFilter({ agents: ['writer'] }, alert, writer)).toBe(true);
    expect(matchesFilter({ agents: ['scribe'] }, alert, writer)).toBe(false);
    expect(matchesFilter({ agents: ['writer'] }, alert, null)).toBe(false);
  });

  it('limits tags, of the agent or of the alert', () => {
    expect(matchesFilter({ tags: ['team-a'] }, alert, writer)).toBe(true);
    expect(matchesFilter({ tags: ['release'] }, alert, null)).toBe(true);
    expect(matchesFilter({ tags: ['team-b'] }, alert, writer)).toBe(false);
  });

  it('accepts only what meets all conditions', () => {
    const filter = { severity: 'warning', kinds: ['task_blocked'], agents: ['writer'], tags: ['docs'] };
    expect(matchesFilter(filter, alert, writer)).toBe(true);
    expect(matchesFilter({ ...filter, severity: 'error' }, alert, writer)).toBe(false);
    expect(matchesFilter({ ...filter, tags: ['other'] }, alert, writer)).toBe(false);
  });
});
