import { describe, expect, it } from 'vitest';
import { fuzzyScore, matcher } from './filter.ts';

describe('a filter', () => {
  it('is a regular expression that minds the case only where capitals are typed', () => {
    expect(matcher('^pri')('Primary')).toBe(true);
    expect(matcher('Pri')('primary')).toBe(false);
    expect(matcher('failed|running')('restart running')).toBe(true);
  });

  it('turns round with ! and lets everything through while nothing is typed yet', () => {
    expect(matcher('!done')('done')).toBe(false);
    expect(matcher('!done')('failed')).toBe(true);
    expect(matcher('')('x')).toBe(true);
    expect(matcher('!')('x')).toBe(true);
  });

  it('takes half an expression for the text it is', () => {
    expect(matcher('a(')('b')).toBe(false);
    expect(matcher('a(')('xa(y')).toBe(true);
  });

  it('finds letters in their order with ~', () => {
    expect(matcher('~rgw')('restart_gateway')).toBe(true);
    expect(matcher('~wgr')('restart_gateway')).toBe(false);
  });

  it('prefers what begins with the text, then what holds it, then what is scattered', () => {
    const scores = ['restart_gateway', 'the restart', 'r_e_s_t_a_r_t'].map((text) =>
      fuzzyScore('restart', text),
    );
    expect(scores).toEqual([...scores].sort((a, b) => (a ?? 0) - (b ?? 0)));
    expect(fuzzyScore('zz', 'restart')).toBeNull();
  });
});
