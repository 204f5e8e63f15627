import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { type RenderedApp, renderApp } from '../../testing/rendered.tsx';
import { sampleConnector } from '../../testing/sample-session.ts';
import type { Feed } from '../session/session.ts';
import { widthOf } from '../table/cell.ts';

const opened: RenderedApp[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((app) => app.close()));
});

/** Clears the line of the palette. */
const clear = '\u0015';

async function open(options: Parameters<typeof renderApp>[0] = {}): Promise<RenderedApp> {
  const app = renderApp(options);
  opened.push(app);
  await eventually(() => expect(app.text()).not.toContain('Opening'));
  return app;
}

describe('the screens', () => {
  it('are always exactly as large as the terminal, whatever is pressed and however it is resized', {
    timeout: 120_000,
  }, async () => {
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
          const app = await open();
          let size = { columns: 80, rows: 24 };
          for (const step of steps) {
            if (typeof step === 'string') await app.type(step);
            else {
              size = { columns: step[0], rows: step[1] };
              await app.resize(size.columns, size.rows);
            }
            const lines = app.text().split('\n');
            expect(lines).toHaveLength(size.rows);
            for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(size.columns);
          }
          await app.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  it('take every key of a packet', async () => {
    const { type, text } = await open();
    await type('jj');
    expect(text()).toMatch(/▌. staging/);
  });

  it('take escape and the key behind it for two, though they come in one packet', async () => {
    const { type, text } = await open();
    await type('j\r');
    expect(text()).toContain('Fleet › primary');
    await type('\u001b5');
    expect(text()).toContain('[5 Audit]');
    await type(':pause\u001b4');
    expect(text()).toContain('[4 Alerts');
  });

  it('keep the filter until escape clears it, and only then go back', async () => {
    const { type, text } = await open();
    await type('2/mall\r');
    expect(text()).toContain('1 of 4');
    expect(text()).not.toContain('ada ');
    await type('\u001b');
    expect(text()).toMatch(/ada /);
    expect(text()).toContain('[2 Agents]');
  });

  it.each([
    ['gateway', 'Alerts › primary'],
    ['task', 'HQ has no screen for what this alert is about: task.'],
    [null, 'This alert is about no row that can be opened.'],
  ])('open the subject of an alert, or say that there is none: %s', async (entity_type, shows) => {
    const sample = sampleConnector('live', false);
    const session = await sample.connect();
    const [alert] = session?.notifications.getSnapshot().rows ?? [];
    const primary = session?.gateways.getSnapshot().rows.find(({ slug }) => slug === 'primary');
    if (session === null || alert === undefined || primary === undefined) throw new Error('no sample');
    const rows = [{ ...alert, entity_type, entity_id: entity_type === null ? null : primary.id }];
    const snapshot = { ...session.notifications.getSnapshot(), rows };
    const notifications = { ...session.notifications, getSnapshot: () => snapshot };
    const { type, text } = await open({
      connector: { ...sample, connect: async () => ({ ...session, notifications }) },
    });
    await type('4\r');
    expect(text()).toContain(shows);
  });

  it('say that a list has the newest rows alone, and read older ones', async () => {
    const sample = sampleConnector('live', false);
    const session = await sample.connect();
    if (session === null) throw new Error('no sample');
    const asked: unknown[] = [];
    const newestOf = <Row,>(feed: Feed<Row>): Feed<Row> => {
      const snapshot = { ...feed.getSnapshot(), hasOlder: true };
      return { ...feed, getSnapshot: () => snapshot, readOlder: () => void asked.push(feed) };
    };
    const { commands, audit, notifications } = session;
    const windows = {
      commands: newestOf(commands),
      audit: newestOf(audit),
      notifications: newestOf(notifications),
    };
    const { type, text } = await open({
      connector: { ...sample, connect: async () => ({ ...session, ...windows }) },
    });
    expect(text()).toMatch(/4 Alerts 1\+/);
    expect(text()).toMatch(/Needs attention ─+ 5\+ /);
    for (const tab of ['3', '4', '5']) {
      await type(tab);
      expect(text()).toMatch(/newest \d+ \(\+ older\)/);
      await type('+');
    }
    expect(asked).toEqual([commands, notifications, audit]);
    await type('2+');
    expect(text()).toContain('All rows are here.');
    await type('3/restart\r');
    expect(text()).toMatch(/\/restart · \d+ of newest \d+ \(\+ older\)/);
  });

  it('bring the old filter back when a new one is given up', async () => {
    const { type, text } = await open();
    await type('2/ada\r/x');
    expect(text()).toContain('Nothing matches adax');
    await type('\u001b');
    expect(text()).toContain('1 of 4');
  });

  it('go down a trail and back up again', async () => {
    const { type, text } = await open();
    await type('j\r');
    expect(text()).toContain('Fleet › primary');
    await type('\r');
    expect(text()).toContain('Fleet › primary › ada');
    await type('\u001b');
    expect(text()).not.toContain('› ada');
    await type('h');
    expect(text()).toContain('[1 Fleet]');
    expect(text()).toMatch(/▌. primary/);
  });

  it('show nothing of an agent’s name that could move the cursor or turn the line', async () => {
    const { type, frames, resize } = await open();
    await resize(120, 40);
    await type('2');
    const all = frames.last;
    expect(all).toContain('Evilgnp.exe');
    for (const trick of ['\u001b[2J', '\u202e', '\u200b', '\ufe0f']) expect(all).not.toContain(trick);
  });

  it('say what is needed where there is no room, and come back with the selection', async () => {
    const { type, text, resize } = await open();
    await type('j');
    await resize(40, 10);
    expect(text()).toContain('HQ needs 60 × 16.');
    await resize(80, 24);
    expect(text()).toMatch(/▌. primary/);
  });

  it.each([
    ['a confirmation', 'jR', 'Restart the gateway: primary'],
    ['the help', '?', 'next row'],
    ['the palette', ':', 'Restart the gateway'],
    ['the form of a secret', '6a', 'Store a secret'],
    ['a code', '7c', 'Link a chat account'],
  ])('keep %s through a window of one column and one line', async (_what, keys, shown) => {
    const { type, text, resize } = await open();
    await type(keys);
    await resize(1, 1);
    await resize(80, 24);
    expect(text()).toContain(shown);
  });

  it('take no key but ctrl-c while they cannot be seen', async () => {
    const { type, text, resize, sent, quits } = await open();
    await resize(50, 12);
    await type('p3R\t\rq');
    expect([sent, quits()]).toEqual([[], 0]);
    expect(text()).toContain('ctrl-c leaves HQ.');
    await type('\u0003');
    expect(quits()).toBe(1);
    await resize(80, 24);
    expect(text()).toContain('[1 Fleet]');
  });

  it('are drawn for a key that changes something, and for nothing else', async () => {
    const { type, frames, text, resize } = await open();
    await eventually(() => expect(text()).toContain('[1 Fleet]'));
    const before = frames.all.length;
    await type('\u001b[24~');
    await resize(80, 24);
    expect(frames.all).toHaveLength(before);
    await type('2');
    expect(text()).toContain('[2 Agents]');
  });

  it('handle keys that come together one after the other', async () => {
    const { type, text } = await open();
    await type('/stag\rj');
    expect(text()).toContain('1 of 3');
    await type('\u001bR\rj');
    expect(text()).not.toContain('Restart the gateway');
    expect(text()).toMatch(/▌. staging/);
  });

  it('stay below a dialog, and come back unmoved', async () => {
    const { type, text } = await open();
    const before = text();
    await type('?');
    expect(text()).toContain('any key closes');
    expect(text().split('\n')).toHaveLength(24);
    await type('x');
    expect(text()).toBe(before);
  });
});

describe('a connection that is lost', () => {
  it('has its reason on the screen until there is something else to say', async () => {
    const { type, text } = await open({ connector: sampleConnector('offline', false) });
    expect(text()).toContain('OFFLINE');
    const reason = '✕ hq.example.org does not answer. It is tried again.';
    expect(text()).toContain(reason);
    await type('m');
    expect(text()).toContain('The mouse works');
    expect(text()).not.toContain(reason);
  });
});

describe('acting', () => {
  it('asks before it disturbs, and sends what was selected when the key was pressed', async () => {
    const { type, text, sent } = await open();
    await type('jR');
    expect(text()).toContain('Restart the gateway: primary');
    expect(text()).toContain('On primary now: restart_gateway running.');
    await type('\r');
    expect(sent).toEqual([]);
    await type('R\t\r');
    expect(sent).toMatchObject([{ action: 'restart_gateway', payload: {} }]);
    await eventually(() => expect(text()).toContain('A sample does nothing.'));
  });

  it('takes a second enter behind a dialog for nothing', async () => {
    const { type, text } = await open();
    await type('jR');
    await type('\r\r');
    expect(text()).toContain('[1 Fleet]');
    expect(text()).toContain('── Fleet ─');
    // Keys that come later are meant for the screen.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await type('\r');
    expect(text()).toContain('Fleet › primary');
  });

  it('sends nothing under --readonly and says why', async () => {
    const { type, text, sent } = await open({ isReadonly: true });
    expect(text()).toContain('READ ONLY');
    for (const key of ['R', 'p', 'L', 'D', 'S', ':ping\r']) {
      await type(key);
      expect(text()).toContain('Read only');
    }
    await type('3xA4ad');
    expect(sent).toEqual([]);
  });

  it('resumes a gateway that is paused with the key that pauses', async () => {
    const { type, sent } = await open();
    await type('Gp');
    expect(sent).toMatchObject([{ action: 'resume_gateway' }]);
  });

  it('pauses the agent that is selected, and not its gateway', async () => {
    const { type, sent } = await open();
    await type('2p');
    await type('j');
    await type('p');
    expect(sent).toMatchObject([
      { action: 'pause_agent', agent: 'ada' },
      { action: 'resume_agent', agent: 'bob' },
    ]);
  });

  it('names what a key acts on where that is not the selected row', async () => {
    const { type, text, resize } = await open();
    const keysLine = (): string => text().split('\n').at(-1) ?? '';
    await resize(160, 40);
    await type('j');
    expect(keysLine()).toContain('R restart  p pause  L logs');
    await type('2');
    expect(keysLine()).toContain('W wake  p pause  t take over  R restart primary');
    await type('\r');
    expect(keysLine()).toContain('W wake ada  p pause ada  t take over ada');
    await type('3');
    expect(keysLine()).toContain('x cancel  A again  R restart primary  p pause primary');
  });

  it('does from the palette what its arguments say', async () => {
    const { type, text, sent } = await open();
    await type(':tail_logs lines=5 staging\r');
    expect(sent).toMatchObject([{ action: 'tail_logs', payload: { service: 'gateway', lines: 5 } }]);
    // This HQ refuses everything: what was typed is there again.
    await type(':');
    expect(text()).toContain(': tail_logs lines=5 staging');
    await type(`${clear}tail_logs lines=many\r`);
    expect(text()).toMatch(/“many” is not a number. Set lines=/);
    expect(text()).toContain(': tail_logs lines=many');
    await type(`${clear}ping nowhere\r`);
    expect(text()).toMatch(/There is no gateway called nowhere. Known: berlin,/);
    await type(`${clear}pause_agent nobody\r`);
    expect(text()).toMatch(/There is no agent called nobody. Known: .*ada/);
    await type(`${clear}pause_agent ada nowhere\r`);
    expect(text()).toContain('There is no gateway called nowhere.');
    await type(`${clear}pause_agent\r`);
    expect(text()).toContain('pause_agent needs an agent: write its name at the end.');
    await type(`${clear}agents mall\r`);
    expect(text()).toContain('/mall');
    expect(sent).toHaveLength(1);
  });

  it('aims what is for the workspace at no gateway, and what is for an agent at the one that is named', async () => {
    const { type, text, sent, frames } = await open();
    await type(':create_task title="Write the letter"\r');
    expect(sent).toEqual([
      { action: 'create_task', payload: { title: 'Write the letter', priority: 'medium' } },
    ]);
    expect(frames.all.join()).toContain('Create a task: the workspace');
    await type(`:${clear}create_task Write\r`);
    expect(text()).toContain('go in quotes');
    await type(`${clear}create_task priority=high\r`);
    expect(text()).toContain('Missing field title');
    expect(text()).toContain(': create_task priority=high');
    await type(`${clear}pause_agent @mallory\r`);
    expect(sent[1]).toMatchObject({ action: 'pause_agent', agent: 'mallory' });
    expect(sent).toHaveLength(2);
  });

  it('gives the selected agent a task by its title', async () => {
    const { type, text, sent } = await open();
    await type('T');
    expect(text()).toContain('Select one on the screen Agents');
    await type('2T\r');
    expect(text()).toContain('Write a task first.');
    await type('Write the minutes\r');
    expect(sent).toEqual([{ action: 'create_task', payload: { title: 'Write the minutes', agent: 'ada' } }]);
  });

  it('copies the name, and what the screen shows', async () => {
    const { type, copied } = await open();
    await type('jyY');
    expect(copied[0]).toBe('primary');
    expect(copied[1]).toContain('restart_gateway');
    expect(copied[1]).not.toContain('\u001b');
  });

  it('keeps an error on the screen until a key is pressed', async () => {
    const { type, text } = await open();
    await type('p');
    await eventually(() => expect(text()).toContain('A sample does nothing.'));
    await type('j');
    expect(text()).not.toContain('A sample does nothing.');
  });

  it('stays awake with ctrl-z where the stack runs in the same terminal, and says so', async () => {
    const { type, text } = await open({ suspend: null });
    await type('\u001a');
    expect(text()).toContain('HQ itself runs in this terminal');
  });

  it('leaves with q and with ctrl-c', async () => {
    const { type, quits } = await open();
    await type('q');
    await type('\u0003');
    expect(quits()).toBe(2);
  });
});

describe('signing in', () => {
  it('asks for both, hides the password, and tells why it was refused', async () => {
    const { type, text } = await open({
      connector: { ...sampleConnector('live', false), connect: async () => null },
    });
    await eventually(() => expect(text()).toContain('Sign in to'));
    await type('ada@example.org\rsecret');
    expect(text()).toContain('ada@example.org');
    expect(text()).not.toContain('secret');
    await type('\r');
    await eventually(() => expect(text()).toContain('A sample does nothing.'));
  });
});
