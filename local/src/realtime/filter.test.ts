import { describe, expect, it } from 'vitest';
import { parseFilter } from './filter.ts';

const columns = [
  { name: 'id', type: 'uuid' },
  { name: 'n', type: 'int8' },
  { name: 'price', type: 'numeric' },
  { name: 'at', type: 'timestamptz' },
  { name: 'name', type: 'text' },
  { name: 'done', type: 'bool' },
];
const row = {
  id: '0b5a5c3e-0000-4000-8000-000000000001',
  n: 10,
  price: 9.5,
  at: '2026-11-22T10:00:00+00:00',
  name: 'a,b "c"',
  done: null,
};

describe('a filter', () => {
  it.each([
    ['id=eq.0B5A5C3E-0000-4000-8000-000000000001', true],
    ['n=eq.10', true],
    ['n=neq.10', false],
    ['n=gt.9', true],
    ['n=lt.9', false],
    ['n=gte.10,n=lte.10', true],
    ['n=gt.9,name=eq.other', false],
    ['n=in.(9,10)', true],
    ['n=in.(9,11)', false],
    ['n=not.in.(9,11)', true],
    ['price=lt.10', true],
    ['at=gt.2026-11-22T11:30:00+02:00', true],
    ['at=gt.2026-11-22T10:00:00Z', false],
    ['name=eq."a,b \\"c\\""', true],
    ['name=in.("x","a,b \\"c\\"")', true],
    ['name=like.a%c"', true],
    ['name=like.A%', false],
    ['name=ilike.A%', true],
    ['name=like.a_b%', true],
    ['name=like.a.b', false],
    ['name=like.%b%c%', true],
    ['name=like.%b%d%', false],
    ['name=like.a', false],
    ['name=like.%', true],
    ['name=like.%-/\\^$.*+?()[]{}|%', false],
    ['done=is.null', true],
    ['done=not.is.null', false],
    ['done=not.eq.true', false],
    ['done=eq.true', false],
    ['done=neq.true', false],
    ['done=isdistinct.true', true],
  ])('%s gives %s', (text, expected) => {
    expect(parseFilter(text, columns)?.(row)).toBe(expected);
  });

  it.each(['', 'n', 'n=10', 'n=about.10', 'unknown=eq.1', 'n=eq.1,', 'done=is.maybe'])(
    'makes no sense: %j',
    (text) => {
      expect(parseFilter(text, columns)).toBeUndefined();
    },
  );

  it('passes a deleted row, which has only its key, unless the key does not match', () => {
    const key = { id: row.id };
    expect(parseFilter('name=eq.other', columns)?.(key)).toBe(true);
    expect(parseFilter('id=eq.0b5a5c3e-0000-4000-8000-000000000002', columns)?.(key)).toBe(false);
  });

  it('of a long pattern is refused, in any case and negated too', () => {
    for (const operator of ['like', 'ilike', 'not.like']) {
      expect(parseFilter(`name=${operator}.${'x'.repeat(100)}`, columns)).toBeTypeOf('function');
      expect(parseFilter(`name=${operator}.${'x'.repeat(101)}`, columns)).toBeUndefined();
    }
  });

  it('with a list of a value that is no number matches nothing, not even such a value', () => {
    expect(parseFilter('n=in.(none,10)', columns)?.({ n: 'none' })).toBe(false);
    expect(parseFilter('n=in.(none,10)', columns)?.({ n: 10 })).toBe(true);
  });

  it('of many wildcards is fast on a long text', () => {
    const matches = parseFilter(`name=like.${'%a'.repeat(30)}%b`, columns);
    const started = performance.now();
    expect(matches?.({ name: 'a'.repeat(8_000) })).toBe(false);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it.each(['name=like.%x%', 'name=not.like.%x%', 'name=ilike.a'])('lets a long text pass %s', (filter) => {
    expect(parseFilter(filter, columns)?.({ ...row, name: 'y'.repeat(8_193) })).toBe(true);
    expect(parseFilter(filter, columns)?.({ ...row, name: 'y'.repeat(8_192) })).toBe(filter.includes('not'));
  });
});
