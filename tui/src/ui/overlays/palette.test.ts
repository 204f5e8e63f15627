import { actionNames } from '@hq/shared/actions';
import { describe, expect, it } from 'vitest';
import { key } from '../../terminal/input.ts';
import { type Chosen, Palette } from './palette.ts';
import { argumentsOf, matching } from './palette-entries.ts';

function choose(text: string, ...after: string[]): Chosen | null {
  let chosen: Chosen | null = null;
  const palette = new Palette('on primary', (each) => {
    chosen = each;
  });
  for (const letter of text) palette.press(key(letter, letter));
  for (const name of [...after, 'enter']) palette.press(key(name));
  return chosen;
}

describe('the palette', () => {
  it('knows every action of the catalogue', () => {
    const names = matching('').map(({ name }) => name);
    for (const action of actionNames) expect(names).toContain(action);
  });

  it('finds what is meant by a few letters', () => {
    expect(choose('restgat')?.entry.name).toBe('restart_gateway');
    expect(choose('rdisp')?.entry.name).toBe('restart_dispatcher');
    expect(choose('gw')?.entry.name).toBe('fleet');
    expect(choose('zzzz')).toBeNull();
  });

  it('takes settings and the name of a gateway behind an action', () => {
    expect(choose('tail_logs lines=50 staging')).toMatchObject({
      entry: { name: 'tail_logs' },
      settings: ['lines=50'],
      words: ['staging'],
    });
    expect(choose('restart gateway')).toMatchObject({ entry: { name: 'restart_gateway' }, words: [] });
  });

  it('keeps what stands in quotes together', () => {
    expect(
      choose(`create_task title="Write the letter" priority=high description='It''s due'`),
    ).toMatchObject({
      settings: ['title=Write the letter', 'priority=high', 'description=Its due'],
      words: [],
    });
    expect(choose('create_task title=It"s')?.settings).toEqual(['title=It"s']);
  });

  it('completes the name with tab, keeping room for arguments', () => {
    expect(choose('pau', 'tab')?.entry.name).toBe('pause_gateway');
  });

  it('gives no arguments to a name that was only guessed', () => {
    const [entry] = matching('restgat');
    expect(entry).toBeDefined();
    if (entry !== undefined) expect(argumentsOf('restgat', entry)).toEqual({ settings: [], words: [] });
  });
});
