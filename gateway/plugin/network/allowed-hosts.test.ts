import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue } from '@hq/shared/actions';
import { describe, expect, it } from 'vitest';
import { type AllowedHost, isAllowed, parseAllowedHost, parseDestination } from './allowed-hosts.ts';
import { watchAllowedHosts } from './allowed-hosts-file.ts';

const list = (...patterns: string[]): AllowedHost[] =>
  patterns.flatMap((pattern) => parseAllowedHost(pattern) ?? []);
const allows = (patterns: string[], authority: string): boolean => {
  const destination = parseDestination(authority);
  return destination !== undefined && isAllowed(destination, list(...patterns));
};

describe('the list of an agent', () => {
  it.each([
    [['pypi.org'], 'pypi.org:443'],
    [['pypi.org'], 'PyPI.org:80'],
    [['pypi.org:8443'], 'pypi.org:8443'],
    [['*.ok.test'], 'a.ok.test:443'],
    [['*.ok.test'], 'a.b.ok.test:443'],
    [['  PyPI.org '], 'pypi.org:443'],
  ])('%j allows %s', (patterns, authority) => {
    expect(allows(patterns, authority)).toBe(true);
  });

  it.each([
    [[], 'pypi.org:443'],
    [['pypi.org'], 'pypi.org:22'],
    [['pypi.org:8443'], 'pypi.org:443'],
    [['ok.test'], 'x.ok.test:443'],
    [['ok.test'], 'x.ok.test.evil.test:443'],
    [['ok.test'], 'notok.test:443'],
    [['*.ok.test'], 'ok.test:443'],
    [['*.ok.test'], 'evilok.test:443'],
    [['*.ok.test'], 'a.ok.test.evil.test:443'],
  ])('%j does not allow %s', (patterns, authority) => {
    expect(allows(patterns, authority)).toBe(false);
  });

  it.each([
    '*',
    '*.',
    '',
    'a b',
    '10.0.0.1',
    '*.1',
    '[::1]',
    'a:0',
    'a:70000',
    'a:443:443',
    'http://a',
    '-a.test',
  ])('has no entry for %j', (pattern) => {
    expect(parseAllowedHost(pattern)).toBeUndefined();
  });
});

it.each([
  '127.0.0.1:443',
  '2130706433:443',
  '0x7f000001:443',
  '0177.0.0.1:443',
  '127.1:443',
  '1.2.3.0x4:443',
  'a.127:443',
  '[::1]:443',
  '::1:443',
  '[::ffff:127.0.0.1]:443',
  'user@pypi.org:443',
  'pypi.org',
  'pypi.org:',
  'pypi.org:0',
  'pypi.org:99999',
  'pypi.org.:443',
  'pypi..org:443',
  'pypi.org:443\r\nX: y',
  'pypi.org\0.evil.test:443',
  'pypı.org:443',
])('%j is no destination', (authority) => {
  expect(parseDestination(authority)).toBeUndefined();
});

describe('the action that sets the hosts', () => {
  const takes = (host: string) => catalogue.set_allowed_hosts.payload.safeParse({ hosts: [host] }).success;

  it.each(['pypi.org', '*.github.com', 'EXAMPLE.com:8443', 'xn--80ak6aa92e.com:1', 'a.b-c.d2:65535'])(
    'takes %s, as the proxy does',
    (host) => {
      expect(takes(host)).toBe(true);
      expect(parseAllowedHost(host)).toBeDefined();
    },
  );

  it.each([
    '169.254.169.254',
    '10.0.0.1:80',
    '127.1',
    'a.0x7f',
    'a.test:0',
    'a.test:65536',
    'a.test:99999',
    'localhost',
    '*',
    '*.com',
    'user@a.test',
    'http://a.test',
    'a.test/',
    'a..test',
  ])('refuses %s, so that nobody is told of a host that the proxy refuses', (host) => {
    expect(takes(host)).toBe(false);
  });
});

describe('the file of an agent', () => {
  it('is read again when it changes, and allows nothing while it is missing or malformed', () => {
    const directory = mkdtempSync(join(tmpdir(), 'hq-hosts-'));
    const file = join(directory, 'maya.json');
    const read = watchAllowedHosts(file);
    expect(read()).toEqual([]);
    writeFileSync(file, JSON.stringify({ slug: 'maya', token: 'x', allowedHosts: ['pypi.org', '10.0.0.1'] }));
    expect(read().map(({ name }) => name)).toEqual(['pypi.org']);
    expect(read()).toBe(read());
    writeFileSync(file, '{"allowedHosts": ["pypi.org", "npmjs.org"');
    expect(read()).toEqual([]);
    writeFileSync(file, JSON.stringify({ slug: 'maya' }));
    expect(read()).toEqual([]);
    writeFileSync(file, JSON.stringify({ allowedHosts: ['npmjs.org'] }));
    expect(read().map(({ name }) => name)).toEqual(['npmjs.org']);
    rmSync(directory, { recursive: true });
    expect(read()).toEqual([]);
  });
});
