import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AgentBrowser } from './agent-browser.ts';

let directory: string;
let ended: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hq-browser-'));
  ended = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

const browserOf = (...argv: string[]) =>
  new AgentBrowser({
    agent: 'maya',
    profileDir: directory,
    socketPath: join(directory, 'cdp.sock'),
    idleMs: 60_000,
    prepare: async () => ({
      argv,
      ended: async () => {
        ended += 1;
        throw new Error('the disk is full');
      },
    }),
  });

it.each([
  ['cannot be started, as with too many processes', '/nonexistent/browser'],
  ['ends at once', '/bin/false'],
])('a browser that %s is reported, and is not taken for a running one', async (_case, program) => {
  const browser = browserOf(program);
  await expect(browser.open()).rejects.toThrow('The browser of agent maya did not start.');
  expect(browser.devTools).toBeUndefined();
  await expect(browser.open()).rejects.toMatchObject({ code: 'unreachable' });
  expect(ended).toBe(1);
  await browser.close();
});
