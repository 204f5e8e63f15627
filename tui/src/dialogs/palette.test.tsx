import { actionNames } from '@hq/shared/actions';
import { afterEach, describe, expect, it } from 'vitest';
import { renderComponent } from '../../testing/rendered.tsx';
import { screens } from '../screens/index.ts';
import { type Chosen, Palette } from './palette.tsx';
import { argumentsOf, matchingEntries, paletteEntries } from './palette-entries.ts';

const entries = paletteEntries(screens);
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function choose(text: string, ...after: string[]): Promise<Chosen | null> {
  let chosen: Chosen | null = null;
  const { type, frames } = renderComponent(
    <Palette
      entries={entries}
      targets={{ gateway: 'primary', agent: null }}
      onChoose={(each) => {
        chosen = each;
        return null;
      }}
      onClose={() => undefined}
    />,
  );
  closing.push(() => frames.close());
  await type(text);
  for (const keys of after) await type(keys);
  await type('\r');
  return chosen;
}

describe('the palette', () => {
  it('knows every action of the catalogue', () => {
    const names = matchingEntries(entries, '').map(({ name }) => name);
    for (const action of actionNames) expect(names).toContain(action);
  });

  it('finds what is meant by a few letters', async () => {
    expect((await choose('restgat'))?.entry.name).toBe('restart_gateway');
    expect((await choose('rdisp'))?.entry.name).toBe('restart_dispatcher');
    expect((await choose('gw'))?.entry.name).toBe('fleet');
    expect(await choose('zzzz')).toBeNull();
  });

  it('takes settings and the name of a gateway behind an action', async () => {
    expect(await choose('tail_logs lines=50 staging')).toMatchObject({
      entry: { name: 'tail_logs' },
      settings: ['lines=50'],
      words: ['staging'],
    });
    expect(await choose('restart gateway')).toMatchObject({ entry: { name: 'restart_gateway' }, words: [] });
  });

  it('keeps what is in quotes together', async () => {
    expect(
      await choose(`create_task title="Write the letter" priority=high description='It''s due'`),
    ).toMatchObject({
      settings: ['title=Write the letter', 'priority=high', 'description=Its due'],
      words: [],
    });
    expect((await choose('create_task title=It"s'))?.settings).toEqual(['title=It"s']);
  });

  it('stays open with what was typed where something is missing, and says what', async () => {
    const refused: string[] = [];
    const { type, text, frames } = renderComponent(
      <Palette
        entries={entries}
        targets={{ gateway: null, agent: null }}
        start="create_task "
        onChoose={(chosen) => {
          refused.push(chosen.text);
          return 'Missing field title: set title=<string>.';
        }}
        onClose={() => expect.unreachable('It was closed.')}
      />,
    );
    closing.push(() => frames.close());
    await type('priority=high\r');
    expect(refused).toEqual(['create_task priority=high']);
    expect(text()).toContain('Missing field title');
    expect(text()).toContain('create_task priority=high');
    expect(text()).toContain('title=<string>  The task in one line; required');
    await type(' ');
    expect(text()).not.toContain('Missing');
  });

  it('completes the name with tab, keeping room for arguments', async () => {
    expect((await choose('pau', '\t'))?.entry.name).toBe('pause_gateway');
  });

  it('gives no arguments to a name that was only guessed', () => {
    const [entry] = matchingEntries(entries, 'restgat');
    expect(entry).toBeDefined();
    if (entry !== undefined) expect(argumentsOf('restgat', entry)).toEqual({ settings: [], words: [] });
  });
});
