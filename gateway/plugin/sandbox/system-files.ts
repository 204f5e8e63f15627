import { lstatSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** User and group in a jail. Programs such as Chromium and git refuse or complain when they run as root. */
export const jailUser = 1000;

const topDirectories = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** Files that programs read below /etc. Host keys, accounts, cron tables and mounts are not among them. */
const readableEtc = [
  'alternatives',
  'ca-certificates',
  'chromium',
  'chromium.d',
  'fonts',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'magic',
  'mime.types',
  'os-release',
  'pki/tls/certs',
  'protocols',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
  'timezone',
];

function kindOf(path: string): 'link' | 'there' | 'missing' {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'missing';
  return stat.isSymbolicLink() ? 'link' : 'there';
}

/** Returns arguments of bwrap that show the system's programs, read-only: `/usr`, its links in `/`, a few files of `/etc`. */
export function systemArguments(): string[] {
  const top = topDirectories.flatMap((path) => {
    const kind = kindOf(path);
    if (kind === 'missing') return [];
    return kind === 'link' ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
  });
  const etc = readableEtc.flatMap((name) => ['--ro-bind-try', join('/etc', name), join('/etc', name)]);
  return ['--ro-bind', '/usr', '/usr', ...top, ...etc];
}

/** Writes the accounts and host names that a jail sees, and returns the arguments that show them. */
export function accountArguments(directory: string): string[] {
  const files = {
    passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\nagent:x:${jailUser}:${jailUser}:agent:/tmp/home:/bin/sh\n`,
    group: `root:x:0:\nagent:x:${jailUser}:\n`,
    hosts: '127.0.0.1 localhost\n::1 localhost\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return Object.entries(files).flatMap(([name, content]) => {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return ['--ro-bind', path, join('/etc', name)];
  });
}
