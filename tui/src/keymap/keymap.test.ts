import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bindings, places } from './bindings.ts';
import { bindingFor, bindingsHere, cheatSheet, placesOf } from './keymap.ts';

describe('the key map', () => {
  it('gives no key two meanings in one place', () => {
    for (const place of places) {
      const keys = bindings
        .filter(({ where }) => where.some((each) => each === place))
        .flatMap((binding) => [...binding.keys]);
      expect(keys, place).toEqual([...new Set(keys)]);
    }
  });

  it('binds nothing to alt, which an escape and a key look like when they come together', () => {
    expect(bindings.flatMap(({ keys }) => [...keys]).filter((key) => key.startsWith('alt-'))).toEqual([]);
  });

  it('lets the more particular place win', () => {
    expect(bindingFor('f', placesOf('command', false))?.does).toBe('follow');
    expect(bindingFor('f', placesOf('fleet', true))).toBeNull();
    expect(bindingFor('a', placesOf('alerts', true))?.does).toBe('acknowledge');
    expect(bindingFor('q', placesOf('alerts', true))?.does).toBe('quit');
  });

  it('tells only of keys that can be pressed here', () => {
    const does = bindingsHere(placesOf('audit', true)).map((binding) => binding.does);
    expect(does).toContain('filter');
    expect(does).not.toContain('restart');
    expect(does).not.toContain('follow');
  });

  it('marks every key that writes, and none that only reads', () => {
    const writes = bindings.filter((binding) => 'writes' in binding).map(({ does }) => does);
    expect(writes.toSorted()).toEqual(
      [
        'acknowledge',
        'add-secret',
        'again',
        'cancel',
        'delete-secret',
        'dismiss',
        'link-chat',
        'logs',
        'note-secret',
        'pause',
        'restart',
        'restart-dispatcher',
        'revoke-link',
        'rotate-secret',
        'status',
        'undo',
      ].toSorted(),
    );
  });

  it('is what docs/tui.md says', () => {
    const page = readFileSync(new URL('../../../docs/tui.md', import.meta.url), 'utf8');
    const between = page.split('<!-- keys: start -->')[1]?.split('<!-- keys: end -->')[0];
    expect(between?.trim()).toBe(cheatSheet().trim());
  });
});
