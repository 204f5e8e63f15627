import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainLine } from './plain.ts';
import { createRedactor } from './redactor.ts';

/** A value with what each writing changes. */
const hard = 'p4ss/wörd+with "quotes" & a 100%-<sign>=';

function writingsOf(value: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const pairs = hex.match(/../g) ?? [];
  const json = JSON.stringify(value).slice(1, -1);
  const unicode = (text: string) =>
    text.replace(/[^a-z]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return {
    'base64 behind nothing': bytes.toString('base64'),
    'base64 behind one byte': Buffer.from(`:${value}`).toString('base64'),
    'base64 behind two bytes': Buffer.from(`a:${value}b`).toString('base64'),
    'base64 for addresses': Buffer.from(`user:${value}`).toString('base64url'),
    hexadecimal: hex,
    'hexadecimal in capitals': hex.toUpperCase(),
    'bytes in pairs': pairs.join(' '),
    'bytes with colons': pairs.join(':'),
    'a buffer of Node': inspect(bytes.subarray(0, 50)),
    'a buffer in JSON': JSON.stringify(bytes),
    JSON: json,
    'JSON with escaped slashes': json.replaceAll('/', '\\/'),
    'JSON in ASCII': unicode(value),
    'JSON in JSON': JSON.stringify(json).slice(1, -1),
    'JSON in JSON in JSON': JSON.stringify(JSON.stringify(json).slice(1, -1)).slice(1, -1),
    'a part of an address': encodeURIComponent(value),
    'a part of an address in small letters': encodeURIComponent(value).toLowerCase(),
    'an address, partly encoded': encodeURI(value),
    'a form': new URLSearchParams({ '': value }).toString().slice(1),
    'an address in an address': encodeURIComponent(encodeURIComponent(value)),
    'percent signs alone': `%${pairs.join('%')}`,
    HTML: value
      .replaceAll('&', '&amp;')
      .replaceAll('"', '&quot;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;'),
    'HTML with numbers': value.replace(/[^a-z0-9]/g, (found) => `&#${found.charCodeAt(0)};`),
    'HTML with hexadecimal numbers': value.replace(
      /[^a-z0-9]/g,
      (found) => `&#x${found.charCodeAt(0).toString(16)};`,
    ),
    'an address in HTML': encodeURI(value).replaceAll('&', '&amp;'),
    'a word of a shell': value.replace(/[^a-z0-9ö]/g, '\\$&'),
    'bytes of Python': value.replace('ö', '\\xc3\\xb6'),
    'octal bytes': value.replace('ö', '\\303\\266'),
  };
}

const pem = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEowIBAAKCAQEA\n'.repeat(9)}-----END RSA PRIVATE KEY-----`;
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

  it.each(tokenSamples())('removes the token of %s', (_issuer, secret) => {
    expect(redactor.text(`it said ${secret} and went on`)).toBe('it said [redacted] and went on');
    expect(redactor.text(JSON.stringify({ secret }))).toBe('{"secret":"[redacted]"}');
    expect(redactor.text(`--key='${secret}'`)).toBe("--key='[redacted]'");
  });

  it.each(addressSamples())('removes the secret part of an address of %s', (_issuer, address, shown) => {
    expect(redactor.text(`POST ${address} 200`)).toBe(`POST ${shown}[redacted] 200`);
    const json = JSON.stringify(address).replaceAll('/', '\\/');
    expect(redactor.text(json)).toBe(`"${shown.replaceAll('/', '\\/')}[redacted]"`);
  });

  it.each([
    ['password: hunter22', 'password: [redacted]'],
    ['"api_key": "abcdef123"', '"api_key": "[redacted]"'],
    ['Authorization: Bearer abcdef.ghijkl', 'Authorization: Bearer [redacted]'],
    ['Authorization: Basic aHE6cGE1NXdvcmQ=', 'Authorization: Basic [redacted]'],
    ['postgres://hq:pa55word@db.example.org/hq', 'postgres://hq:[redacted]@db.example.org/hq'],
    ['DB_PASSWORD=hunter22', 'DB_PASSWORD=[redacted]'],
    ['x-api-key: abcdef123', 'x-api-key: [redacted]'],
    ['AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG', 'AWS_SECRET_ACCESS_KEY=[redacted]'],
    ['AccountName=hq;AccountKey=c2VjcmV0a2V5;Suffix=x', 'AccountName=hq;AccountKey=[redacted];Suffix=x'],
    ['{\\"client_secret\\":\\"abcdef123\\"}', '{\\"client_secret\\":\\"[redacted]\\"}'],
    ['GET /rows?id=7&access_token=abcdef123&x=1', 'GET /rows?id=7&access_token=[redacted]&x=1'],
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
    'command 3f6b8c1e52f34c399f0e1c1d6a1f4b11 of task 11869bc2',
    'commit 484ef20e9c1b7f6a5d4c3b2a190817263544f3e2',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'sha512-ZIjMbHsVrRkVNzjqkOtrQ3DhL6jZ2t7ZqkVZn3mJ4wY5u0o0pQ8n2g==',
    'npm-run-all-4-parallel and npm_config_registry_2 and risk-assessment-of-2026',
    'sk-learn-2, task-force-2026, pk_agent_commands_2026_tenant, re_index_agents_2026',
    'ghost_in_the_shell_2, glad-to-be-here-2026, hf_hub_download_with_retries',
    'at 10.0.0.1:54321 since 1764526213:000 in agents/writer-2/workspace-acme',
    'https://discord.com/channels/123456789012345678/223456789012345678',
    'https://hooks.slack.com is where webhooks are',
    'the secret of agent writer is active, its password was rotated',
    'tokens: 12345678, max_tokens=4096000',
    '/api/v1/tasks?key=title&page=12345678',
    'postgres://hq@db.example.org/hq',
    'A3TA is no key, and AKIA neither',
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

  it.each([
    ['two keys', `a ${pem} b ${pem} c`, 'a [redacted] b [redacted] c'],
    ['a key in JSON', JSON.stringify({ pem, next: 1 }), '{"pem":"[redacted]","next":1}'],
    [
      'a key in JSON without its end',
      `{"pem":"${JSON.stringify(pem).slice(1, 60)}"}`,
      '{"pem":"[redacted]"}',
    ],
    ['a key without its beginning', `${pem.slice(20)}\nready`, '[redacted]\nready'],
    ['a key of PGP', pem.replaceAll('RSA PRIVATE KEY', 'PGP PRIVATE KEY BLOCK'), '[redacted]'],
  ])('removes %s from one text', (_what, text, redacted) => {
    expect(redactor.text(text)).toBe(redacted);
  });

  it('shows lines again after one that only mentions a private key', () => {
    const lines = [
      'it must begin with -----BEGIN PRIVATE KEY-----',
      ...Array.from({ length: 300 }, () => 'line'),
    ];
    expect(lines.map(redactor.lines()).at(-1)).toBe('line');
  });

  it.each([
    'sk-',
    'sk-ant-',
    'eyJ-',
    'a.',
    'a-',
    'password ',
    'ghp_a',
    '-----BEGIN PRIVATE KEY-----',
    '-----END PRIVATE KEY-----',
    "'",
    'https://',
    'a://b:',
    '%41',
    '\\\\',
    '\\u0041',
    '&amp;',
    '1,',
    'ab ',
    'AZDO',
    '\n',
    'AbCd0123',
    '123456:',
    'p4ss/w',
    'cDRzcy93w7Zy',
  ])('takes time in proportion to a hostile text: %j', (piece) => {
    const knowing = createRedactor([hard, `p4ss/wör${'d'.repeat(60_000)}`]);
    const timeOf = (length: number) => {
      const text = `@${piece.repeat(length / piece.length)}`;
      const startedAt = process.cpuUsage();
      knowing.text(text);
      text.split('\n').map(knowing.lines());
      knowing.cut(text, length / 2);
      const { user, system } = process.cpuUsage(startedAt);
      return (user + system) / 1000;
    };
    timeOf(2_000);
    // Milliseconds of work; a scan from each of its words takes more than ten times as long.
    expect(timeOf(128_000)).toBeLessThan(4_000);
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

  it.each(Object.entries(writingsOf(hard)))('removes a known secret written as %s', (_writing, written) => {
    const knowing = createRedactor([hard]);
    // A text in base64 or hexadecimal has more around the value; bits of a neighbour may stay.
    expect(knowing.text(`before ${written} after`)).toMatch(/^before .{0,26}\[redacted\].{0,26} after$/);
  });

  it.each([
    ['base64 of 76 columns', 76, '\n'],
    ['base64 of 64 columns', 64, '\r\n'],
    ['indented base64', 60, '\n    '],
  ])('removes what %s shows of a known secret, as lines and as one text', (_writing, columns, lineEnd) => {
    for (let before = 0; before < 80; before += 1) {
      const long = `${hard}${hard.toUpperCase()}${hard}`;
      const knowing = createRedactor([long]);
      const all = Buffer.from(`${'-'.repeat(before)}${long}${'-'.repeat(100)}`).toString('base64');
      const wrapped = (all.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []).join(lineEnd);
      const whole = knowing.text(JSON.stringify(wrapped));
      const lines = wrapped.split('\n').map(knowing.lines()).join('\n');
      for (const redacted of [whole, lines]) {
        const left = redacted.replaceAll('[redacted]', '').replace(/\\r|\\n|[^A-Za-z0-9+/]/g, '').length;
        // Two characters of neighbours, and fewer than eight that end a line.
        expect(left).toBeLessThanOrEqual(all.length - Math.floor((long.length * 8) / 6) + 12);
      }
    }
  });

  it('keeps text beside an escaped value, and text that has escapes alone', () => {
    const knowing = createRedactor([hard]);
    const message = JSON.stringify({ before: 'a\n"b"', value: hard, after: '50 % & more \\ é' });
    expect(JSON.parse(knowing.text(message))).toEqual({ ...JSON.parse(message), value: '[redacted]' });
    const plain = JSON.stringify({
      path: 'C:\\new\\u00',
      url: '/a%20b?x=1&amp;y=2',
      list: '1,2,3,4,5,6,7,8,9',
    });
    expect(knowing.text(plain)).toBe(plain);
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
      }),
    );
  });
});

/** Made of parts, since a scanner of credentials takes a whole one for real. */
function tokenSamples(): readonly (readonly [issuer: string, token: string])[] {
  const mixed = 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF3gJ5lM7oR9uX1zA4cE6hI8kL0nP2qS5tV7wY9';
  const hex = '0123456789abcdef'.repeat(4);
  const letters = 'AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh';
  const digits = '123456789012';
  return [
    [
      'a JSON web token',
      ['eyJhbGciOiJIUzI1NiJ9', 'eyJyb2xlIjoic2VydmljZV9yb2xlIn0', mixed.slice(0, 43)].join('.'),
    ],
    [
      'an encrypted JSON web token',
      ['eyJhbGciOiJSU0EtT0FFUCJ9', mixed, mixed.slice(0, 16), mixed, mixed.slice(0, 22)].join('.'),
    ],
    ['Supabase, secret', `sb_secret_${mixed.slice(0, 31)}`],
    ['Supabase, personal', `sbp_${hex.slice(0, 40)}`],
    ['OpenAI', `sk-proj-${mixed}`],
    ['OpenAI, service account', `sk-svcacct-${mixed}`],
    ['Anthropic', `sk-ant-api03-${mixed}-${mixed.slice(0, 20)}AA`],
    ['OpenRouter', `sk-or-v1-${hex}`],
    ['Groq', `gsk_${mixed.slice(0, 52)}`],
    ['xAI', `xai-${mixed}`],
    ['Perplexity', `pplx-${mixed.slice(0, 48)}`],
    ['Replicate', `r8_${mixed.slice(0, 37)}`],
    ['Hugging Face', `hf_${letters}`],
    ['ElevenLabs', `sk_${hex.slice(0, 48)}`],
    ['Google', `AIza${mixed.slice(0, 35)}`],
    ['Google OAuth', `GOCSPX-${mixed.slice(0, 28)}`],
    ['Google access', `ya29.${mixed}`],
    ['AWS', `AKIA${'IOSFODNN7EXAMPLE'}`],
    ['AWS, temporary', `ASIA${'IOSFODNN7EXAMPLE'}`],
    ['Azure', `abc8Q~${mixed.slice(0, 34)}`],
    ['Azure DevOps', `${mixed}abcdefgAZDO1a2b`],
    ['DigitalOcean', `dop_v1_${hex}`],
    ['Cloudflare', `cfut_${mixed.slice(0, 40)}`],
    ['Tailscale', `tskey-auth-${mixed.slice(0, 16)}-${mixed.slice(0, 32)}`],
    ['GitHub', `ghp_${mixed.slice(0, 36)}`],
    ['GitHub, fine-grained', `github_pat_${mixed.slice(0, 22)}_${mixed.slice(0, 59)}`],
    ['GitLab', `glpat-${mixed.slice(0, 20)}`],
    ['GitLab, routable', `glpat-${mixed.slice(0, 27)}.01.${mixed.slice(0, 9)}`],
    ['npm', `npm_${mixed.slice(0, 36)}`],
    ['PyPI', `pypi-AgEIcHlwaS5vcmc${mixed}`],
    ['Docker Hub', `dckr_pat_${mixed.slice(0, 27)}`],
    ['Stripe', `sk_live_${mixed.slice(0, 24)}`],
    ['Stripe, restricted', `rk_test_${mixed.slice(0, 24)}`],
    ['Stripe webhooks', `whsec_${mixed.slice(0, 32)}`],
    ['Shopify', `shpat_${hex.slice(0, 32)}`],
    ['SendGrid', `SG.${mixed.slice(0, 22)}.${mixed.slice(0, 43)}`],
    ['Resend', `re_${mixed.slice(0, 8)}_${mixed.slice(0, 24)}`],
    ['Mailchimp', `${hex.slice(0, 32)}-us21`],
    ['Mailgun', `key-${hex.slice(0, 32)}`],
    ['Twilio', `SK${hex.slice(0, 32)}`],
    ['Slack, bot', `xoxb-${digits}-${digits}-${mixed.slice(0, 24)}`],
    ['Slack, app', `xapp-1-A0123456789-${digits}-${hex}`],
    ['Slack, rotated', `xoxe.xoxp-1-${mixed}`],
    ['Discord', `MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.${mixed.slice(0, 38)}`],
    ['Telegram', `123456789:AA${mixed.slice(0, 33)}`],
    ['Linear', `lin_api_${mixed.slice(0, 40)}`],
    ['Notion', `ntn_${mixed.slice(0, 46)}`],
    ['Notion, before 2025', `secret_${mixed.slice(0, 43)}`],
    ['Figma', `figd_${mixed.slice(0, 40)}`],
    ['Atlassian', `ATATT3xFfGF0${mixed}`],
    ['Airtable', `pat${mixed.slice(0, 14)}.${hex}`],
    ['Grafana', `glsa_${mixed.slice(0, 32)}_${hex.slice(0, 8)}`],
    ['Sentry', `sntryu_${hex}`],
    ['Vault', `hvs.${mixed}`],
    ['Terraform', `${mixed.slice(0, 14)}.atlasv1.${mixed}`],
    ['Databricks', `dapi${hex.slice(0, 32)}`],
    ['age', `AGE-SECRET-KEY-1${mixed.slice(0, 58).toUpperCase()}`],
    ['HQ', 'enc:v1:AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBB.CCCC'],
  ];
}

function addressSamples(): readonly (readonly [issuer: string, address: string, shown: string])[] {
  const mixed = 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF3gJ5lM7oR9uX1zA4cE6hI8kL0nP2qS5tV7wY9';
  const of = (issuer: string, shown: string, secret: string) => [issuer, shown + secret, shown] as const;
  return [
    of('Slack', 'https://hooks.slack.com/services/', `T01234567/B01234567/${mixed.slice(0, 24)}`),
    of(
      'Slack, workflows',
      'https://hooks.slack.com/triggers/',
      `T01234567/${'1234567890123'}/${mixed.slice(0, 32)}`,
    ),
    of('Slack, answers', 'https://hooks.slack.com/commands/', `T01234567/123456789012/${mixed.slice(0, 24)}`),
    of('Discord', 'https://discord.com/api/webhooks/', `123456789012345678/${mixed}`),
    of('Discord, with a version', 'https://discordapp.com/api/v10/webhooks/', `123456789012345678/${mixed}`),
    of(
      'Microsoft Teams',
      'https://acme.webhook.office.com/webhookb2/',
      `0f-1a@0f-2b/IncomingWebhook/${mixed}`,
    ),
    of('Telegram', 'https://api.telegram.org/bot', `123456789:AA${mixed.slice(0, 33)}`),
    of('Azure storage', 'https://hq.blob.core.windows.net/a?sv=2026&sig=', `${mixed.slice(0, 40)}%3D`),
    of('AWS S3', 'https://hq.s3.amazonaws.com/a?X-Amz-Date=2026&X-Amz-Signature=', mixed.slice(0, 64)),
  ];
}
