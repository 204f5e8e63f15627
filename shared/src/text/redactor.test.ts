import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainLine } from './plain.ts';
import { createRedactor } from './redactor.ts';

const key = 'a"known\\secret\tvalue/with=signs\'';

describe('a redactor', () => {
  const redactor = createRedactor([key, 'short', 'first line of it\nsecond line of it']);

  it.each([
    ['as it is', `before ${key} after`],
    ['inside JSON', JSON.stringify({ key })],
    ['inside an address', `https://example.org/?key=${encodeURIComponent(key)}`],
    ['as a terminal shows it', plainLine(key)],
    ['in a line of an env file', `A='${key.replaceAll("'", "'\\''")}'`],
    ['by one of its lines', 'first line of it'],
  ])('removes a known secret %s', (_case, text) => {
    const redacted = redactor.text(text);
    expect(redacted).toContain('[redacted]');
    expect(redacted).not.toMatch(/known|first line/);
  });

  it.each([
    'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ',
    'sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz',
    'sk-proj-abcdefghij0123456789',
    'ghp_abcdefghij0123456789abcdefghij012345',
    'AKIAIOSFODNN7EXAMPLE',
    'xoxb-123456789012-abcdefghijkl',
    '123456789:AAabcdefghijklmnopqrstuvwxyz0123456',
    'enc:v1:AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBB.CCCC',
  ])('removes text that looks like a credential: %s', (secret) => {
    expect(redactor.text(`it said ${secret} and went on`)).toBe('it said [redacted] and went on');
  });

  it.each([
    ['password: hunter22', 'password: [redacted]'],
    ['"api_key": "abcdef123"', '"api_key": "[redacted]"'],
    ['Authorization: Bearer abcdef.ghijkl', 'Authorization: Bearer [redacted]'],
    ['Authorization: Basic aHE6cGE1NXdvcmQ=', 'Authorization: Basic [redacted]'],
    ['postgres://hq:pa55word@db.example.org/hq', 'postgres://hq:[redacted]@db.example.org/hq'],
  ])('removes the value after the name of a credential: %s', (text, redacted) => {
    expect(redactor.text(text)).toBe(redacted);
  });

  it.each([
    'gateway healthy, dispatcher healthy',
    '2026-11-22T13:46:14.054+00:00 [gateway] http server listening (0 plugins, 3.0s)',
    'secrets are unavailable',
    'Under Basic Information, make an app-level token',
    'short',
    '3f6b8c1e-52f3-4c39-9f0e-1c1d6a1f4b11',
  ])('leaves other text as it is: %s', (text) => {
    expect(redactor.text(text)).toBe(text);
  });

  it('removes a private key of any number of lines', () => {
    const lines = redactor.lines();
    const key = [
      '-----BEGIN RSA PRIVATE KEY-----',
      'MIIEowIBAAKCAQEA',
      'abc',
      '-----END RSA PRIVATE KEY-----',
    ];
    expect([...key, 'and then'].map(lines)).toEqual([...key.map(() => '[redacted]'), 'and then']);
    expect(redactor.text(`x ${key.join('\n')} y`)).toBe('x [redacted] y');
  });

  it('keeps a line of JSON valid', () => {
    const line = JSON.stringify({ msg: 'password=hunter22 "quoted"', token: 'sk-abcdefghijklmnop1234' });
    expect(JSON.parse(redactor.text(line))).toMatchObject({ token: '[redacted]' });
  });

  it('knows the values that it learned last, and always those of its creation', () => {
    const learning = createRedactor([key]);
    learning.learn(['the first value', 'stays the same']);
    learning.learn(['the second value', 'stays the same']);
    const shown = ['the first value', 'the second value', 'stays the same', key].map(learning.text);
    expect(shown).toEqual(['the first value', '[redacted]', '[redacted]', '[redacted]']);
  });

  it('removes the longest of several values with the same beginning, and adjacent values as one', () => {
    const several = createRedactor(['beginning', 'beginning of it', 'another one']);
    expect(several.text('beginning of it, beginning of, beginninganother one')).toBe(
      '[redacted], [redacted] of, [redacted]',
    );
  });

  it('removes a value of 64 KiB, and most of one that was cut', () => {
    const large = Array.from({ length: 65_536 }, (_, at) => ((at * 7919) % 36).toString(36)).join('');
    const knowing = createRedactor([large]);
    expect(knowing.text(`x ${large} y`)).toBe('x [redacted] y');
    expect(knowing.text(large.slice(30_000)).length).toBeLessThan(600);
  });

  it('finds each of thousands of values at any position', () => {
    const values = Array.from({ length: 5_000 }, (_, at) => `value-${(at * 48_271) % 99_991}-of-a-secret`);
    const knowing = createRedactor(values);
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...values), fc.string(), (before, value, after) => {
        expect(knowing.text(before + value + after)).not.toContain(value);
        expect(knowing.spans(`${before}|${value}`).at(-1)?.end).toBe(before.length + 1 + value.length);
      }),
    );
  });
});
