import { describe, expect, it } from 'vitest';
import { fuzzyScore, matcher } from './filter.ts';

const matches = (filter: string, text: string): boolean => matcher(filter)([text])[0] ?? false;

describe('a filter', () => {
  it('is a regular expression that minds the case only where capitals are typed', () => {
    expect(matches('^pri', 'Primary')).toBe(true);
    expect(matches('Pri', 'primary')).toBe(false);
    expect(matches('failed|running', 'restart running')).toBe(true);
  });

  it('turns round with ! and lets everything through while nothing is typed yet', () => {
    expect(matches('!done', 'done')).toBe(false);
    expect(matches('!done', 'failed')).toBe(true);
    expect(matches('', 'x')).toBe(true);
    expect(matches('!', 'x')).toBe(true);
  });

  it('takes half an expression for the text it is', () => {
    expect(matches('a(', 'b')).toBe(false);
    expect(matches('a(', 'xa(y')).toBe(true);
  });

  it.each(['(a+)+$', '!(a+)+$'])(
    'gives %s up soon where it would take for ever, and looks for its text',
    (filter) => {
      const isNegated = filter.startsWith('!');
      const texts = [`${'a'.repeat(40)}!`, 'has (a+)+$ in it'];
      const startedAt = performance.now();
      const matchesAll = matcher(filter);
      expect(matchesAll(texts)).toEqual([isNegated, !isNegated]);
      expect(matchesAll(texts)).toEqual([isNegated, !isNegated]);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    },
  );

  it('finds letters in their order with ~', () => {
    expect(matches('~rgw', 'restart_gateway')).toBe(true);
    expect(matches('~wgr', 'restart_gateway')).toBe(false);
  });

  it('prefers what begins with the text, then what holds it, then what is scattered', () => {
    const scores = ['restart_gateway', 'the restart', 'r_e_s_t_a_r_t'].map((text) =>
      fuzzyScore('restart', text),
    );
    expect(scores).toEqual([...scores].sort((a, b) => (a ?? 0) - (b ?? 0)));
    expect(fuzzyScore('zz', 'restart')).toBeNull();
  });
});
