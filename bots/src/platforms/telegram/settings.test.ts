import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { telegram } from './index.ts';
import { readSettings } from './settings.ts';

const token = '123:AAbb';

function faultOf(env: Record<string, string>): unknown {
  try {
    readSettings(env);
  } catch (error) {
    return error;
  }
  return null;
}

test('Telegram is not configured without its variables', () => {
  expect(telegram.configure({})).toBeNull();
  expect(telegram.configure({ TELEGRAM_BOT_TOKEN: ' ', SLACK_BOT_TOKEN: 'x' })).toBeNull();
});

test('the fingerprint is that of the token, and every secret is passed to the redactor', () => {
  const configured = telegram.configure({
    TELEGRAM_BOT_TOKEN: token,
    TELEGRAM_WEBHOOK_URL: 'https://hq.example/tg',
  });
  expect(configured?.fingerprints).toEqual([createHash('sha256').update(token).digest('hex')]);
  expect(configured?.secrets).toEqual([token, expect.stringMatching(/^[0-9a-f]{64}$/u)]);
});

test('the API root keeps its path, with one slash at its end', () => {
  const rootOf = (root: string): string | undefined =>
    readSettings({ TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: root })?.apiRoot;
  expect(readSettings({ TELEGRAM_BOT_TOKEN: token })?.apiRoot).toBe('https://api.telegram.org/');
  expect(rootOf('http://127.0.0.1:8081')).toBe('http://127.0.0.1:8081/');
  expect(rootOf('http://127.0.0.1:8081/')).toBe('http://127.0.0.1:8081/');
  expect(rootOf('https://proxy.example/tg//')).toBe('https://proxy.example/tg/');
});

test('a webhook listens on loopback with a stable secret by default', () => {
  const env = { TELEGRAM_BOT_TOKEN: token, TELEGRAM_WEBHOOK_URL: 'https://hq.example/hooks/tg' };
  const webhook = readSettings(env)?.webhook;
  expect(webhook).toMatchObject({ path: '/hooks/tg', host: '127.0.0.1', port: 8443 });
  expect(readSettings(env)?.webhook?.secret).toBe(webhook?.secret);
  expect(readSettings({ ...env, TELEGRAM_BOT_TOKEN: '123:other' })?.webhook?.secret).not.toBe(
    webhook?.secret,
  );
});

test.each([
  ['TELEGRAM_BOT_TOKEN', { TELEGRAM_API_ROOT: 'http://127.0.0.1' }],
  ['TELEGRAM_BOT_TOKEN', { TELEGRAM_BOT_TOKEN: 'two words' }],
  ['TELEGRAM_API_ROOT', { TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: 'example.org' }],
  ['TELEGRAM_WEBHOOK_URL', { TELEGRAM_BOT_TOKEN: token, TELEGRAM_WEBHOOK_URL: 'ftp://example.org' }],
  [
    'TELEGRAM_WEBHOOK_SECRET',
    {
      TELEGRAM_BOT_TOKEN: token,
      TELEGRAM_WEBHOOK_URL: 'https://hq.example',
      TELEGRAM_WEBHOOK_SECRET: 'short',
    },
  ],
  [
    'TELEGRAM_WEBHOOK_LISTEN',
    { TELEGRAM_BOT_TOKEN: token, TELEGRAM_WEBHOOK_URL: 'https://hq.example', TELEGRAM_WEBHOOK_LISTEN: '443' },
  ],
] as const)('a wrong %s is named without its value', (field, env) => {
  const failure = faultOf(env);
  expect(failure).toMatchObject({ code: 'usage', field });
  expect(String(failure)).not.toContain(token);
});
