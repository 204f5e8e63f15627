import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { screenNamed } from '../app/screen.ts';
import { screens } from '../screens/index.ts';
import { keysOn } from './app-keys.ts';
import type { Binding } from './binding.ts';
import { cheatSheet } from './cheat-sheet.ts';

const keysOf = (name: string): readonly Binding[] => keysOn(screenNamed(screens, name), screens);

describe('the keys', () => {
  it('have one meaning each on every screen', () => {
    for (const screen of screens) {
      const keys = keysOn(screen, screens).flatMap((binding) => [...binding.keys]);
      expect(keys, screen.name).toEqual([...new Set(keys)]);
    }
  });

  it('are never bound to alt, which an escape and a key look like when they come together', () => {
    const keys = screens.flatMap((screen) => keysOn(screen, screens)).flatMap((binding) => [...binding.keys]);
    expect(keys.filter((key) => key.startsWith('alt-'))).toEqual([]);
  });

  it('are those of the screen, of lists where there is one, and of the whole program', () => {
    const does = (name: string) => keysOf(name).map((binding) => binding.does);
    expect(does('command')).toContain('follow');
    expect(does('command')).not.toContain('filter');
    expect(does('fleet')).not.toContain('follow');
    expect(does('alerts')).toEqual(expect.arrayContaining(['acknowledge', 'filter', 'quit']));
    expect(does('audit')).not.toContain('restart');
  });

  it('are marked where they write, and only there', () => {
    const writes = screens
      .flatMap((screen) => keysOn(screen, screens))
      .filter((binding) => binding.writes)
      .map(({ about }) => about);
    expect([...new Set(writes)].toSorted()).toEqual(
      [
        'acknowledge the alert',
        'stop all agents, or resume them',
        'let the person write to the agent',
        'pause the agent and read its session',
        'read the agent’s next session',
        'read the agent’s session',
        'read the session again',
        'send the agent a message',
        'store a new secret',
        'run the command again',
        'cancel the command',
        'delete the secret',
        'dismiss the alert',
        'get a code that links your chat account',
        'give an agent a task',
        'tail the gateway’s logs',
        'write a remark on the secret',
        'pause or resume the agent',
        'pause or resume the gateway',
        'restart the gateway',
        'restart the dispatcher',
        'revoke the selected link',
        'give the secret another value',
        'ask for the services of the stack',
        'take back the last action',
      ].toSorted(),
    );
  });

  it('are those that docs/tui.md lists', () => {
    const page = readFileSync(new URL('../../../docs/tui.md', import.meta.url), 'utf8');
    const between = page.split('<!-- keys: start -->')[1]?.split('<!-- keys: end -->')[0];
    expect(between?.trim()).toBe(cheatSheet(screens).trim());
  });
});
