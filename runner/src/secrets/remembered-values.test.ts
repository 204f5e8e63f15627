import { describe, expect, it } from 'vitest';
import { RememberedValues } from './remembered-values.ts';

const day = 24 * 3_600_000;

describe('remembered values', () => {
  it('stay for a week after their last use, whatever else changes', () => {
    const values = new RememberedValues();
    values.use(new Set(['one', 'two']), 0);
    for (let at = 0; at < 100; at += 1) values.use(new Set(['two', `other ${at}`]), day);
    expect([...values.all()]).toContain('one');
    values.use(new Set(['two']), 7 * day);
    expect([...values.all()]).not.toContain('one');
    expect([...values.all()]).toContain('other 50');
  });

  it('in use stay for ever', () => {
    const values = new RememberedValues();
    values.use(new Set(['one']), 0);
    values.add('opened', 30 * day);
    expect([...values.all()]).toEqual(['one', 'opened']);
  });

  it('tell whether they changed', () => {
    const values = new RememberedValues();
    expect(values.use(new Set(['one']), 0)).toBe(true);
    expect(values.use(new Set(['one']), 1)).toBe(false);
    expect(values.add('two', 2)).toBe(true);
    expect(values.add('two', 3)).toBe(false);
    expect(values.use(new Set(), 4)).toBe(false);
    expect(values.use(new Set(), 8 * day)).toBe(true);
  });

  it('that were replaced are bounded in number and size, the newest stay', () => {
    const many = new RememberedValues();
    many.use(new Set(Array.from({ length: 20_010 }, (_, at) => `value ${at}`)), 0);
    many.use(new Set(), 1);
    expect([...many.all()]).toHaveLength(20_000);
    expect([...many.all()].at(-1)).toBe('value 20009');
    const large = new RememberedValues();
    large.use(new Set(Array.from({ length: 300 }, (_, at) => String(at).padEnd(65_536, 'x'))), 0);
    large.use(new Set(), 1);
    expect([...large.all()]).toHaveLength(256);
  });
});
