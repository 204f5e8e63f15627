import { describe, expect, it } from 'vitest';
import { createRedactor } from './redactor.ts';

const key = 'a"known\\secret value/with=signs';

describe('a redactor', () => {
  const redactor = createRedactor([key, 'short', 'first line of it\nsecond line of it']);

  it.each([
    ['as it is', `before ${key} after`],
    ['inside JSON', JSON.stringify({ key })],
    ['inside an address', `https://example.org/?key=${encodeURIComponent(key)}`],
    ['by one of its lines', 'first line of it'],
  ])('takes a known secret out %s', (_where, text) => {
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
  ])('takes out what looks like a credential: %s', (secret) => {
    expect(redactor.text(`it said ${secret} and went on`)).toBe('it said [redacted] and went on');
  });

  it.each([
    ['password: hunter22', 'password: [redacted]'],
    ['"api_key": "abcdef123"', '"api_key": "[redacted]"'],
    ['Authorization: Bearer abcdef.ghijkl', 'Authorization: Bearer [redacted]'],
    ['postgres://hq:pa55word@db.example.org/hq', 'postgres://hq:[redacted]@db.example.org/hq'],
  ])('takes out what stands behind a name that says what it is: %s', (text, redacted) => {
    expect(redactor.text(text)).toBe(redacted);
  });

  it.each([
    'gateway healthy, dispatcher healthy',
    '2026-11-22T13:46:14.054+00:00 [gateway] http server listening (0 plugins, 3.0s)',
    'secrets are unavailable',
    'short',
    '3f6b8c1e-52f3-4c39-9f0e-1c1d6a1f4b11',
  ])('leaves alone what is none: %s', (text) => {
    expect(redactor.text(text)).toBe(text);
  });

  it('takes out a private key however many lines it has', () => {
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

  it('leaves a line of JSON what it is', () => {
    const line = JSON.stringify({ msg: 'password=hunter22 "quoted"', token: 'sk-abcdefghijklmnop1234' });
    expect(JSON.parse(redactor.text(line))).toMatchObject({ token: '[redacted]' });
  });
});
