import { describe, expect, it } from 'vitest';
import { parseEnvFile } from './env-file.ts';

describe('an environment file', () => {
  it.each([
    ['A=plain', { A: 'plain' }],
    ['  export A = spaced  ', { A: 'spaced' }],
    [`A='single # quoted'`, { A: 'single # quoted' }],
    ['A="double quoted" # remark', { A: 'double quoted' }],
    ['A=value # remark', { A: 'value' }],
    ['A=a#b', { A: 'a#b' }],
    ['A=\r\nB=2', { A: '', B: '2' }],
    ['A=1\nA=2', { A: '2' }],
    ['# A=1\n\nnonsense\n1A=x', {}],
    ['A=with=equals==', { A: 'with=equals==' }],
    [`A=it's`, { A: `it's` }],
  ])('reads %j', (text, settings) => {
    expect(parseEnvFile(text)).toEqual(settings);
  });
});
