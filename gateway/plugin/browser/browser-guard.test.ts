import { expect, it } from 'vitest';
import { guardBrowserCall, isBrowserTool } from './browser-guard.ts';

const allowed = [{ name: 'ok.test', isBelow: false, port: undefined }];
const call = (params: Record<string, unknown>, agent: string | undefined = 'maya', whyNone?: string) =>
  guardBrowserCall({ params }, agent, whyNone, allowed);

it('a call of the browser tool always goes to the agent’s own browser', () => {
  for (const params of [
    { action: 'tabs' },
    { action: 'tabs', profile: 'zed' },
    { action: 'start', profile: 'openclaw', target: 'sandbox' },
    { action: 'tabs', target: 'node', node: 'laptop' },
  ]) {
    expect(call(params)).toEqual({ params: { action: params.action, profile: 'maya', target: 'host' } });
  }
});

it('an agent without a browser is told why', () => {
  expect(call({ action: 'tabs' }, 'maya', 'Chromium is not installed.')).toEqual({
    block: true,
    blockReason: 'Chromium is not installed.',
  });
});

it('a call that belongs to no agent is refused', () => {
  expect(guardBrowserCall({ params: {} }, undefined, undefined, allowed)).toMatchObject({ block: true });
});

it('the browser tool is known in any spelling', () => {
  expect(isBrowserTool(' Browser')).toBe(true);
  expect(isBrowserTool('browser_settings')).toBe(false);
});

it('an address is opened only if the agent’s list allows it', () => {
  for (const params of [
    { action: 'open', url: 'http://evil.test/x' },
    { action: 'navigate', targetUrl: 'https://evil.test' },
    { action: 'open', url: 'http://127.0.0.1:18789/' },
    { action: 'open', url: 'https://ok.test:8443/' },
  ]) {
    expect(call(params)).toMatchObject({
      block: true,
      blockReason: expect.stringContaining('HQ refused agent maya'),
    });
  }
  expect(call({ action: 'open', url: 'https://ok.test/a' })).toHaveProperty('params');
  expect(call({ action: 'open', url: 'about:blank' })).toHaveProperty('params');
});
