import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeBrowserLocks } from './browser-locks.ts';

it('locks that a killed gateway left in the profiles of browsers are removed, and nothing else', async () => {
  const browsers = mkdtempSync(join(tmpdir(), 'hq-browser-locks-'));
  try {
    const profile = join(browsers, 'acme-maya');
    mkdirSync(profile);
    // Chromium locks by a dangling link that names its host and process.
    symlinkSync('another-host-12', join(profile, 'SingletonLock'));
    symlinkSync('/nowhere/socket', join(profile, 'SingletonSocket'));
    writeFileSync(join(profile, 'Cookies'), '');
    expect(await removeBrowserLocks(browsers)).toBe(2);
    expect(readdirSync(profile)).toEqual(['Cookies']);
    expect(await removeBrowserLocks(join(browsers, 'none'))).toBe(0);
  } finally {
    rmSync(browsers, { recursive: true });
  }
});
