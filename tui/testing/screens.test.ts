import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { toAscii } from '../src/terminal/ascii.ts';
import { type Bundled, bundled } from './bundled.ts';
import { ScreenSession, type SessionOptions } from './screen-session.ts';

let program: Bundled;
const sessions: ScreenSession[] = [];

beforeAll(async () => {
  program = await bundled('tui/testing/sample-program.ts');
});
afterAll(() => program.remove());
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});

function open(options: Partial<SessionOptions> = {}, ...args: string[]): ScreenSession {
  const session = new ScreenSession(process.execPath, [program.file, ...args], {
    columns: 80,
    rows: 24,
    ...options,
  });
  sessions.push(session);
  return session;
}

async function opened(options: Partial<SessionOptions> = {}, ...args: string[]): Promise<ScreenSession> {
  const session = open(options, ...args);
  await session.waitFor(/LIVE|POLLING|OFFLINE|CONNECTING|Sign in|HQ needs/);
  await session.settled();
  return session;
}

/** The keys that lead to each screen, and what shows that it is there. */
const tour = [
  ['fleet', '', '[1 Fleet]'],
  ['fleet-second', 'j', '▌▲ primary '],
  ['agents', '2', '[2 Agents]'],
  ['agent', '\r', 'Answers the support inbox.'],
  ['pairings', 'P', 'Sam'],
  ['wake', '\u001b[27uW', 'Wake ada'],
  ['commands', '\u001b[27u3', '[3 Commands]'],
  ['command', '\r', '── Output'],
  ['alerts', '4', '[4 Alerts'],
  ['audit', '5', '[5 Audit]'],
  ['secrets', '6', '[6 Secrets]'],
  ['secret', 'j\r', 'Secrets › GITHUB_TOKEN'],
  ['secret-form', '\u001ba', 'Store a secret'],
  ['chat', '\u001b7', '[7 Chat]'],
  ['chat-code', 'c', '/hq link'],
  ['needs', '\u001b8', '[8 Needs'],
  ['need', '\r', '1 Yes, today'],
  ['help', '\u001b?', 'any key closes'],
  ['confirm', 'q1R', '▸ Cancel'],
  ['palette', '\u001b[27u:rest', ': rest '],
] as const;

describe.each([
  [80, 24],
  [120, 40],
  [200, 60],
])('at %i × %i', (columns, rows) => {
  it('every screen looks as it was drawn', { timeout: 60_000 }, async () => {
    const session = await opened({ columns, rows, background: '0000/0000/0000' });
    for (const [name, keys, shows] of tour) {
      session.press(keys);
      await session.waitFor(shows);
      const screen = await session.settled();
      await expect(`${screen}\n`).toMatchFileSnapshot(`pictures/${name}-${columns}x${rows}.txt`);
    }
  });
});

/** The colours of the cells, by what stands in them; default where they have none of their own. */
function coloursIn(session: ScreenSession): Set<string> {
  const found = new Set<string>();
  const { active } = session.terminal.buffer;
  for (let row = 0; row < session.terminal.rows; row++) {
    const line = active.getLine(active.baseY + row);
    for (let column = 0; column < session.terminal.cols; column++) {
      const cell = line?.getCell(column);
      if (cell === undefined) continue;
      if (!cell.isFgDefault()) found.add(`text ${cell.getFgColor()}`);
      if (!cell.isBgDefault()) found.add(`ground ${cell.getBgColor()}`);
    }
  }
  return found;
}

describe('colour', () => {
  it('is the terminal’s own on dark ground, with a ground for the selected row', async () => {
    const session = await opened({ background: '1e1e/1e1e/1e1e' });
    await session.waitFor(() => coloursIn(session).has('ground 237'));
    const colours = coloursIn(session);
    expect(colours).toContain('ground 237');
    for (const each of colours) expect(each).toMatch(/^(text ([1-9]|1[0-5])|ground 237)$/);
  });

  it('is dark enough for light ground', async () => {
    const session = await opened({ background: 'ffff/ffff/ffff' });
    await session.waitFor(() => coloursIn(session).has('ground 254'));
    expect(coloursIn(session)).toEqual(new Set(['text 22', 'text 25', 'text 124', 'text 130', 'ground 254']));
  });

  it('is not used under NO_COLOR, and every state can still be told apart', async () => {
    const session = await opened({ env: { NO_COLOR: '1', FORCE_COLOR: '3' }, background: '0000/0000/0000' });
    expect(coloursIn(session)).toEqual(new Set());
    expect(session.text()).toContain('▌✕ berlin');
    expect(session.text()).toContain('▲ primary');
  });

  it.each([{ LC_ALL: 'C' }, { LC_CTYPE: 'POSIX' }, { LANG: 'de_DE.ISO-8859-1' }])(
    'and every character stay within ASCII under %o',
    async (env) => {
      const session = await opened({ env });
      for (const [, keys, shows] of tour) {
        session.press(keys);
        await session.waitFor(toAscii(shows));
        await session.settled();
      }
      expect(session.written).toMatch(/^[\0-\u007f]*$/);
    },
  );
});

describe('size', () => {
  it('may change in a storm', async () => {
    const [session, fresh] = await Promise.all([opened(), opened()]);
    for (let step = 0; step < 40; step++) {
      session.resize(40 + ((step * 37) % 160), 10 + ((step * 13) % 50));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    session.resize(80, 24);
    const wanted = fresh.text();
    await session.waitFor((screen) => screen === wanted);
    expect(await session.settled(300)).toBe(wanted);
  });

  it('may be too small for a while', async () => {
    const session = await opened({ columns: 50, rows: 12 });
    expect(session.text()).toContain('HQ needs 60 × 16.');
    session.resize(60, 16);
    await session.waitFor('[1 Fleet]');
  });
});

describe('the link', () => {
  it.each(['polling', 'offline', 'loading'] as const)('is shown while it is %s', async (link) => {
    const session = await opened({ env: { SAMPLE_LINK: link } });
    expect(session.text()).toContain(
      { polling: '▲ POLLING', offline: '✕ OFFLINE', loading: '◐ CONNECTING' }[link],
    );
  });
});

describe('an idle screen', () => {
  it('writes nothing', async () => {
    const session = await opened({ background: '0000/0000/0000' });
    // The answer may come after the screen was quiet for a moment; the selected row has a ground of its own then.
    await eventually(() => expect(session.written).toContain('\u001b[48;5;237m'));
    await session.settled();
    const before = session.written.length;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(session.written.length - before).toBe(0);
  });

  it('writes little for one row that changes', async () => {
    const session = await opened({ columns: 200, rows: 60, background: '0000/0000/0000' });
    const before = session.written.length;
    session.press('j');
    await session.settled();
    expect(session.written.length - before).toBeGreaterThan(0);
    expect(session.written.length - before).toBeLessThan(5_000);
  });
});

describe('leaving', () => {
  it('gives the terminal back as it was', async () => {
    const session = await opened();
    expect(session.isOnAlternateScreen).toBe(true);
    session.press('q');
    expect(await session.ended()).toEqual({ exitCode: 0, signal: 0 });
    expect(session.isOnAlternateScreen).toBe(false);
    expect(session.written).toContain('\u001b[?25h');
    expect(session.written.lastIndexOf('\u001b[?2004l')).toBeGreaterThan(
      session.written.lastIndexOf('\u001b[?2004h'),
    );
  });

  it.each([
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGQUIT', 3],
    ['SIGTERM', 15],
  ] as const)('by %s leaves it clean and lets the signal be seen', async (signal, number) => {
    const session = await opened();
    session.press('m');
    await session.waitFor('The mouse works');
    process.kill(session.pty.pid, signal);
    expect((await session.ended()).signal).toBe(number);
    expect(session.isOnAlternateScreen).toBe(false);
    expect(session.written.lastIndexOf('\u001b[?25h')).toBeGreaterThan(
      session.written.lastIndexOf('\u001b[?25l'),
    );
    expect(session.written.lastIndexOf('\u001b[?1006l')).toBeGreaterThan(
      session.written.lastIndexOf('\u001b[?1006h'),
    );
  });

  it('ends when the terminal is closed under it', async () => {
    const session = await opened();
    const { pid } = session.pty;
    session.pty.kill('SIGHUP');
    await session.ended();
    expect(() => process.kill(pid, 0)).toThrow();
  });
});

describe('lending the terminal', () => {
  it('loses no key that is meant for the other program', { timeout: 60_000 }, async () => {
    const session = await opened({
      env: {
        PAGER:
          'sh -c \'cat >/dev/null; for i in 1 2 3; do read line </dev/tty; echo "got $line"; done; read line </dev/tty\'',
      },
    });
    session.press('3\r');
    await session.waitFor('── Output');
    for (let round = 0; round < 4; round++) {
      session.press('v');
      await session.waitFor(() => !session.isOnAlternateScreen);
      session.press(`first${round}\r`);
      await session.waitFor(`got first${round}`);
      session.press(`second\r`);
      await session.waitFor('got second');
      session.press(`third\r`);
      await session.waitFor('got third');
      session.press('\r');
      await session.waitFor(() => session.isOnAlternateScreen);
      await session.waitFor('── Output');
    }
    session.press('q');
    expect((await session.ended()).exitCode).toBe(0);
  });

  it('to the shell with ctrl-z gives a working shell, and fg brings the screen back', async () => {
    const session = new ScreenSession('bash', ['--norc', '-i'], {
      columns: 80,
      rows: 24,
      env: { PS1: 'shell> ' },
    });
    sessions.push(session);
    await session.waitFor('shell>');
    session.press(`${process.execPath} ${program.file}\r`);
    await session.waitFor('LIVE');
    session.press('j\u001a');
    await session.waitFor('Stopped');
    expect(session.isOnAlternateScreen).toBe(false);
    session.press('echo typed-$((1+1))\r');
    await session.waitFor('typed-2');
    session.press('fg\r');
    await session.waitFor(/▌. primary/);
    expect(session.isOnAlternateScreen).toBe(true);
    session.press('k');
    await session.waitFor(/▌. berlin/);
  });

  it.each([
    ['typed before the first frame', 'printf typed; exec', 'LIVE', ''],
    ['left by the pager', 'PAGER="cat >/dev/null; printf half" exec', '[3 Commands]', '3\rv'],
  ])('draws the whole first line after text without a line end, %s', async (_case, before, shows, keys) => {
    const session = new ScreenSession('sh', ['-c', `${before} "${process.execPath}" "${program.file}"`], {
      columns: 80,
      rows: 24,
    });
    sessions.push(session);
    await session.waitFor('LIVE');
    for (const key of keys) {
      session.press(key);
      await session.settled();
    }
    await session.waitFor(shows);
    expect((await session.settled()).split('\n')[0]).toMatch(/^ HQ {2}Default .* ● LIVE$/);
    session.press('\u000c');
    expect((await session.settled()).split('\n')[0]).toMatch(/^ HQ {2}Default .* ● LIVE$/);
  });

  it('says when there is no such program', async () => {
    const session = await opened({ env: { PAGER: 'no-such-pager-here' } });
    session.press('3\r');
    await session.waitFor('── Output');
    session.press('v');
    await session.waitFor('could not be started');
  });
});

describe('the mouse', () => {
  it('is off until it is asked for, and then selects and scrolls', async () => {
    const session = await opened();
    expect(session.written).not.toContain('\u001b[?1002h');
    session.press('m');
    await session.waitFor('The mouse works');
    expect(session.written).toContain('\u001b[?1002h\u001b[?1006h');
    session.press('\u001b[<0;5;7M\u001b[<0;5;7m');
    await session.waitFor(/▌. staging/);
    session.press('\u001b[<64;5;7M');
    await session.waitFor(/▌. berlin/);
  });
});

describe('without a screen', () => {
  it('is read out in plain lines, the selected row first in words', async () => {
    const session = await opened({ env: { INK_SCREEN_READER: 'true' } });
    expect(session.isOnAlternateScreen).toBe(false);
    session.press('j');
    const screen = await session.waitFor('selected: primary, unhealthy');
    expect(screen).not.toMatch(/[─│▌]/);
    // The name comes first, also where the screen shows a mark before it.
    expect(screen).toMatch(/^berlin, last seen 7m ago/m);
    expect(screen).not.toMatch(/^[●◐▲✕‖·] /m);
  });

  it('does not open where there is none', async () => {
    const session = open({ env: { TERM: 'dumb' } });
    expect((await session.ended()).exitCode).toBe(1);
    expect(session.isOnAlternateScreen).toBe(false);
  });
});
