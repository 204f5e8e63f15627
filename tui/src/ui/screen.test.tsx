import { Text } from 'ink';
import { render } from 'ink-testing-library';
import type { ReactNode } from 'react';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { sampleDoor } from '../../testing/sample-house.ts';
import { key } from '../terminal/input.ts';
import { createTheme } from '../theme/theme.ts';
import { App } from './app.ts';
import { DrawingFault, Screen, SpokenScreen } from './screen.tsx';

let app: App | null = null;

afterEach(async () => {
  await app?.close();
});

function open(): App {
  const opened = new App({
    door: sampleDoor('live', false),
    isReadonly: false,
    theme: createTheme({ colours: 0, ground: null, unicode: true }),
    size: { columns: 90, rows: 20 },
    surroundings: {
      copy: (text) => ({ bytes: text.length, cut: false }),
      openPager: async () => undefined,
      suspend: () => undefined,
      redraw: () => undefined,
      setMouse: () => undefined,
      quit: () => undefined,
      now: () => 0,
    },
  });
  app = opened;
  opened.start();
  return opened;
}

describe('the drawn screen', () => {
  it('has exactly the lines of the frame', async () => {
    const opened = open();
    const { lastFrame, unmount } = render(<Screen app={opened} />);
    await eventually(() => expect(lastFrame()).toContain('[1 Fleet]'));
    expect(lastFrame()?.split('\n')).toHaveLength(20);
    unmount();
  });

  it('is drawn again for a key, and not for nothing', async () => {
    const opened = open();
    const { lastFrame, frames, unmount } = render(<Screen app={opened} />);
    await eventually(() => expect(lastFrame()).toContain('[1 Fleet]'));
    const before = frames.length;
    opened.press(key('f12'));
    opened.resize(90, 20);
    await new Promise(setImmediate);
    expect(frames).toHaveLength(before);
    opened.press(key('2', '2'));
    await eventually(() => expect(lastFrame()).toContain('[2 Agents]'));
    unmount();
  });

  it('lays a dialog over it without moving what lies below', async () => {
    const opened = open();
    const { lastFrame, unmount } = render(<Screen app={opened} />);
    await eventually(() => expect(lastFrame()).toContain('[1 Fleet]'));
    opened.press(key('?', '?'));
    await eventually(() => expect(lastFrame()).toContain('any key closes'));
    expect(lastFrame()?.split('\n')).toHaveLength(20);
    unmount();
  });

  it('is read out as sentences', async () => {
    const opened = open();
    const { lastFrame, unmount } = render(<SpokenScreen app={opened} />);
    await eventually(() => expect(lastFrame()).toContain('selected: berlin, stale'));
    unmount();
  });
});

describe('a screen that cannot be drawn', () => {
  it('hands its reason on', async () => {
    const faults: unknown[] = [];
    function Broken(): ReactNode {
      throw new Error('no such row');
    }
    const { unmount } = render(
      <DrawingFault onFault={(fault) => faults.push(fault)}>
        <Text>before</Text>
        <Broken />
      </DrawingFault>,
    );
    await eventually(() => expect(faults).toMatchObject([{ message: 'no such row' }]));
    unmount();
  });
});
