import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { sampleDoor } from '../../testing/sample-house.ts';
import { widthOf } from '../table/cell.ts';
import { InputDecoder } from '../terminal/input-decoder.ts';
import { createTheme } from '../theme/theme.ts';
import { App } from './app.ts';
import type { Door, Request } from './house.ts';
import type { Surroundings } from './surroundings.ts';

const opened: App[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((app) => app.close()));
});

interface Seat {
  readonly app: App;
  readonly copied: string[];
  readonly sent: Request[];
  readonly quits: () => number;
  /** Bytes as a terminal would send them. */
  readonly type: (keys: string) => void;
  readonly text: () => string;
}

async function sit(
  options: {
    columns?: number;
    rows?: number;
    isReadonly?: boolean;
    door?: Door;
    suspend?: Surroundings['suspend'];
  } = {},
): Promise<Seat> {
  const copied: string[] = [];
  const sent: Request[] = [];
  let quits = 0;
  const surroundings: Surroundings = {
    copy(text) {
      copied.push(text);
      return { bytes: text.length, cut: false };
    },
    openPager: async () => undefined,
    suspend: options.suspend === undefined ? () => undefined : options.suspend,
    redraw: () => undefined,
    setMouse: () => undefined,
    quit: () => {
      quits++;
    },
    now: () => 0,
  };
  const door = options.door ?? sampleDoor('live', false);
  const app = new App({
    door: {
      ...door,
      async enter() {
        const house = await door.enter();
        if (house === null) return null;
        return {
          ...house,
          enqueue: (request) => {
            sent.push(request);
            return house.enqueue(request);
          },
        };
      },
    },
    isReadonly: options.isReadonly ?? false,
    theme: createTheme({ colours: 256, ground: 'dark', unicode: true }),
    size: { columns: options.columns ?? 80, rows: options.rows ?? 24 },
    surroundings,
  });
  opened.push(app);
  app.start();
  const decoder = new InputDecoder();
  const seat: Seat = {
    app,
    copied,
    sent,
    quits: () => quits,
    type: (keys) => {
      for (const input of [...decoder.push(keys), ...decoder.settle()]) app.press(input);
    },
    text: () => {
      const { lines, overlay } = app.frame();
      return stripVTControlCharacters([...lines, ...(overlay?.lines ?? [])].join('\n'));
    },
  };
  await eventually(() => expect(seat.text()).not.toContain('Opening'));
  return seat;
}

describe('the screens', () => {
  it('are always exactly as large as the terminal, whatever is pressed and however it is resized', async () => {
    const keys = [
      'j',
      'k',
      'G',
      'g',
      '\r',
      '\u001b',
      '/',
      ':',
      '?',
      '\t',
      'o',
      'O',
      '1',
      '2',
      '3',
      '4',
      '5',
      'R',
      'a',
      'r',
      ' ',
      'x',
      '字',
      '\u001b[A',
      '\u001b[C',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            { weight: 6, arbitrary: fc.constantFrom(...keys) },
            {
              weight: 1,
              arbitrary: fc.tuple(fc.integer({ min: 1, max: 220 }), fc.integer({ min: 1, max: 70 })),
            },
          ),
          { maxLength: 40 },
        ),
        async (steps) => {
          const { app, type } = await sit();
          let size = { columns: 80, rows: 24 };
          for (const step of steps) {
            if (typeof step === 'string') type(step);
            else {
              size = { columns: step[0], rows: step[1] };
              app.resize(size.columns, size.rows);
            }
            const frame = app.frame();
            expect(frame.lines).toHaveLength(size.rows);
            for (const line of frame.lines) expect(widthOf(line)).toBe(size.columns);
            for (const line of frame.overlay?.lines ?? []) {
              expect(widthOf(line) + (frame.overlay?.left ?? 0)).toBeLessThanOrEqual(size.columns);
            }
          }
          await app.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('take every key of a packet', async () => {
    const { type, text } = await sit();
    type('jj');
    expect(text()).toMatch(/▌. staging/);
  });

  it('take escape and the key behind it for two, though they come in one packet', async () => {
    const { type, text } = await sit();
    type('j\r');
    expect(text()).toContain('Fleet › primary');
    type('\u001b5');
    expect(text()).toContain('[5 Audit]');
    type(':pause\u001b4');
    expect(text()).toContain('[4 Alerts');
  });

  it('keep the filter until escape clears it, and only then go back', async () => {
    const { type, text } = await sit();
    type('2/mall\r');
    expect(text()).toContain('1 of 4');
    expect(text()).not.toContain('ada ');
    type('\u001b');
    expect(text()).toMatch(/ada /);
    expect(text()).toContain('[2 Agents]');
  });

  it('bring the old filter back when a new one is given up', async () => {
    const { type, text } = await sit();
    type('2/ada\r/x');
    expect(text()).toContain('Nothing matches adax');
    type('\u001b');
    expect(text()).toContain('1 of 4');
  });

  it('go down a trail and back up again', async () => {
    const { type, text } = await sit();
    type('j\r');
    expect(text()).toContain('Fleet › primary');
    type('\r');
    expect(text()).toContain('Fleet › primary › ada');
    type('\u001b');
    expect(text()).not.toContain('› ada');
    type('h');
    expect(text()).toContain('[1 Fleet]');
    expect(text()).toMatch(/▌. primary/);
  });

  it('show nothing of an agent’s name that could move the cursor or turn the line', async () => {
    const { app, type } = await sit();
    type('2');
    const all = app.frame().lines.join('');
    expect(all).toContain('Evilgnp.exe');
    for (const trick of ['\u001b[2J', '\u202e', '\u200b', '\ufe0f']) expect(all).not.toContain(trick);
  });

  it('say what is needed where there is no room, and come back with the selection', async () => {
    const { app, type, text } = await sit();
    type('j');
    app.resize(40, 10);
    expect(text()).toContain('HQ needs 60 × 16.');
    app.resize(80, 24);
    expect(text()).toMatch(/▌. primary/);
  });

  it('do not change while nothing that is visible changes', async () => {
    const { app } = await sit();
    const before = app.frame();
    app.resize(80, 24);
    expect(app.frame()).toBe(before);
  });
});

describe('acting', () => {
  it('asks before it disturbs, and sends what was selected when the key was pressed', async () => {
    const { type, text, sent } = await sit();
    type('jR');
    expect(text()).toContain('Restart the gateway: primary');
    expect(text()).toContain('On primary now: restart_gateway running.');
    type('\r');
    expect(sent).toEqual([]);
    type('R\t\r');
    expect(sent).toMatchObject([{ action: 'restart_gateway', payload: {} }]);
    await eventually(() => expect(text()).toContain('Nothing is done in a sample.'));
  });

  it('sends nothing under --readonly and says why', async () => {
    const { type, text, sent } = await sit({ isReadonly: true });
    expect(text()).toContain('READ ONLY');
    for (const key of ['R', 'p', 'L', 'D', 'S', ':ping\r']) {
      type(key);
      expect(text()).toContain('Read only');
    }
    type('3xA4ad');
    expect(sent).toEqual([]);
  });

  it('resumes a gateway that is paused with the key that pauses', async () => {
    const { type, sent } = await sit();
    type('Gp');
    expect(sent).toMatchObject([{ action: 'resume_gateway' }]);
  });

  it('does from the palette what its arguments say', async () => {
    const { type, text, sent } = await sit();
    type(':tail_logs lines=5 staging\r');
    expect(sent).toMatchObject([{ action: 'tail_logs', payload: { service: 'gateway', lines: 5 } }]);
    type(':tail_logs lines=many\r');
    expect(text()).toMatch(/✕ .*(number|lines)/i);
    type(':ping nowhere\r');
    expect(text()).toContain('There is no gateway called nowhere.');
    type(':agents mall\r');
    expect(text()).toContain('/mall');
    expect(sent).toHaveLength(1);
  });

  it('aims what is for the workspace at no gateway, and what is for an agent at the one that is named', async () => {
    const { type, text, sent } = await sit();
    type(':create_task title="Write the letter"\r');
    expect(sent).toEqual([
      { action: 'create_task', payload: { title: 'Write the letter', priority: 'medium' } },
    ]);
    expect(text()).toContain('Create a task: the workspace');
    type(':create_task Write\r');
    expect(text()).toContain('go in quotes');
    type(':pause_agent @mallory\r');
    expect(sent[1]).toMatchObject({ action: 'pause_agent', agent: 'mallory' });
    expect(sent).toHaveLength(2);
  });

  it('copies the name, and what the screen shows', async () => {
    const { type, copied } = await sit();
    type('jyY');
    expect(copied[0]).toBe('primary');
    expect(copied[1]).toContain('restart_gateway');
    expect(copied[1]).not.toContain('\u001b');
  });

  it('keeps an error on the screen until a key is pressed', async () => {
    const { type, text } = await sit();
    type('p');
    await eventually(() => expect(text()).toContain('Nothing is done in a sample.'));
    type('j');
    expect(text()).not.toContain('Nothing is done in a sample.');
  });

  it('stays awake with ctrl-z where the stack runs in the same terminal, and says so', async () => {
    const { type, text } = await sit({ suspend: null });
    type('\u001a');
    expect(text()).toContain('HQ itself runs in this terminal');
  });

  it('leaves with q and with ctrl-c', async () => {
    const { type, quits } = await sit();
    type('q');
    type('\u0003');
    expect(quits()).toBe(2);
  });
});

describe('signing in', () => {
  it('asks for both, hides the password, and tells why it was refused', async () => {
    const { type, text, app } = await sit({
      door: { ...sampleDoor('live', false), enter: async () => null },
    });
    type('ada@example.org\rsecret');
    expect(text()).toContain('ada@example.org');
    expect(text()).not.toContain('secret');
    expect(app.frame().spoken?.join(' ')).not.toContain('secret');
    type('\r');
    await eventually(() => expect(text()).toContain('Nothing is done in a sample.'));
  });
});
