import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envLine } from './env-line.ts';
import vectors from './fixtures/secrets-v1.json' with { type: 'json' };
import { providerOfKey } from './providers.ts';
import { reservedNames, reservedPrefixes } from './reserved-names.ts';
import { secretNameFault, secretValueFault } from './rules.ts';

describe('the name of a secret', () => {
  it.each(['A', 'OPENAI_API_KEY', 'X9_', 'A'.repeat(128), 'PATHFINDER_TOKEN', 'NODE_AUTH_TOKEN'])(
    'may be %s',
    (name) => {
      expect(secretNameFault(name)).toBeNull();
    },
  );

  it.each([
    ['', 'needs a name'],
    ['openai', 'in capitals'],
    ['9LIVES', 'in capitals'],
    ['_A', 'in capitals'],
    ['A-B', 'in capitals'],
    ['A\n', 'in capitals'],
    ['Ä', 'in capitals'],
    ['../A', 'in capitals'],
    ['A'.repeat(129), 'at most 128'],
    ['A'.repeat(10_000), 'at most 128'],
    ['PATH', 'reserved'],
    ['LD_PRELOAD', 'reserved'],
    ['NODE_OPTIONS', 'reserved'],
    ['SUPABASE_SERVICE_ROLE_KEY', 'reserved'],
    ['HOSTED_SECRETS_KEY', 'reserved'],
  ])('cannot be %j', (name, reason) => {
    expect(secretNameFault(name)).toContain(reason);
  });

  it('of a model provider or a channel is never reserved', () => {
    const channels = ['TELEGRAM_BOT_TOKEN', 'DISCORD_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_BOT_TOKEN'];
    for (const name of [...providerOfKey.keys(), ...channels]) expect(secretNameFault(name)).toBeNull();
  });

  it('is reserved once: no list repeats a name or one that a prefix covers', () => {
    expect(new Set(reservedNames).size).toBe(reservedNames.length);
    const covered = reservedNames.filter((name) =>
      reservedPrefixes.some((prefix) => name.startsWith(prefix)),
    );
    expect(covered).toEqual([]);
  });
});

describe('the value of a secret', () => {
  it.each([
    ['half a character', 'a\udc00', 'not Unicode'],
    ['a NUL', 'a\0b', 'NUL'],
    ['more than 64 KiB in UTF-8', '€'.repeat(21_846), 'larger than 64 KiB'],
  ])('cannot hold %s', (_case, value, reason) => {
    expect(secretValueFault(value)).toContain(reason);
  });

  it('may have exactly 64 KiB, several lines, quotes and shell syntax', () => {
    expect(secretValueFault('x'.repeat(65_536))).toBeNull();
    expect(secretValueFault('-----BEGIN KEY-----\n\t$HOME `id` \'"\\\r\n')).toBeNull();
  });
});

describe('a line of an env file', () => {
  it.each(vectors.env_lines)('is $line', ({ key, value, line }) => {
    expect(envLine(key, value)).toBe(line);
  });

  it('is the same value to a shell', () => {
    const value = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''));
    const hostile = fc.constantFrom("'", "''\n", '$(id)', '`id`', '\\', "\\'", '\n#', '\t', '\r', '"$HOME"');
    const values = fc.sample(fc.array(fc.oneof(value, hostile)), 60).map((pieces) => pieces.join(''));
    const lines = values.map((text, index) => envLine(`V${index}`, text));
    const names = values.map((_, index) => `"$V${index}"`);
    const script = `${lines.join('\n')}\nprintf '%s\\0' ${names.join(' ')}`;
    const read = execFileSync('sh', { input: script, encoding: 'utf8', maxBuffer: 1 << 24 });
    expect(read.split('\0').slice(0, -1)).toEqual(values);
  });

  it('is refused for invalid names and values', () => {
    expect(() => envLine('A\nB', 'x')).toThrow('in capitals');
    expect(() => envLine('PATH', 'x')).toThrow('reserved');
    expect(() => envLine('A', 'a\0b')).toThrow('NUL');
  });
});
