import { expect, it } from 'vitest';
import { guardBrowserCall, isBrowserTool } from './browser-guard.ts';

const call = (params: Record<string, unknown>, agent: string | undefined = 'maya', whyNone?: string) =>
  guardBrowserCall({ params }, agent, whyNone);

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
  expect(guardBrowserCall({ params: {} }, undefined, undefined)).toMatchObject({ block: true });
});

it('the browser tool is known in any spelling', () => {
  expect(isBrowserTool(' Browser')).toBe(true);
  expect(isBrowserTool('browser_settings')).toBe(false);
});
