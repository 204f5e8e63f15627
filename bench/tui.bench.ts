import { setTimeout as pause } from 'node:timers/promises';
import { type Bundled, bundled } from '../tui/testing/bundled.ts';
import { ScreenSession } from '../tui/testing/screen-session.ts';
import { median, percentile } from './percentile.ts';
import { atMost, type Figure, noted } from './table.ts';
import { costOf } from './tui/process-cost.ts';

export const title = 'The terminal face, in a terminal of its own';

const frameStart = '\u001b[?2026h';
const starts = 15;
/** The size at which drawing is measured. */
const large = { columns: 200, rows: 60, background: '0000/0000/0000' };
const busyHouse = { GATEWAYS: '200', AGENTS: '5000', COMMANDS: '500', CHANGES_PER_SECOND: '200' };

function framesIn(written: string): number {
  return written.split(frameStart).length - 1;
}

async function firstFrame(program: Bundled, shows: string): Promise<number> {
  const startedAt = performance.now();
  const session = new ScreenSession(process.execPath, [program.file], large);
  const { promise: shown, resolve } = Promise.withResolvers<number>();
  session.pty.onData(() => {
    if (session.written.includes(shows)) resolve(performance.now() - startedAt);
  });
  const took = await shown;
  await session.close();
  return took;
}

async function start(program: Bundled, env: Readonly<Record<string, string>>): Promise<ScreenSession> {
  const session = new ScreenSession(process.execPath, [program.file], { ...large, env });
  await session.waitFor('LIVE');
  await pause(1_500);
  return session;
}

async function* startUp(face: Bundled, minimal: Bundled): AsyncGenerator<Figure> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  // In turns, so that a noisy moment hits both.
  for (let round = 0; round < starts; round++) {
    ours.push(await firstFrame(face, 'HQ'));
    theirs.push(await firstFrame(minimal, 'HQ'));
  }
  yield atMost('first frame, median', median(ours), 300, 'ms');
  yield noted('a minimal Ink app, median', `${median(theirs).toFixed(0)} ms`);
  yield atMost('first frame ÷ minimal Ink app', median(ours) / median(theirs), 1.3, '×', 2);
}

async function* idle(face: Bundled): AsyncGenerator<Figure> {
  const session = await start(face, {});
  const [before, written] = [costOf(session.pty.pid), session.written.length];
  await pause(10_000);
  const after = costOf(session.pty.pid);
  yield atMost('idle, written in 10 s', session.written.length - written, 0, 'B');
  yield atMost('idle, CPU', (after.cpuMs - before.cpuMs) / 100, 2, '%', 1);
  yield atMost('idle, RSS', after.rssMb, 110, 'MB');
  await session.close();
}

async function* drawing(busy: Bundled): AsyncGenerator<Figure> {
  const session = await start(busy, {
    GATEWAYS: '200',
    AGENTS: '500',
    COMMANDS: '500',
    CHANGES_PER_SECOND: '10',
  });
  const [before, written] = [costOf(session.pty.pid), session.written.length];
  await pause(8_000);
  const after = costOf(session.pty.pid);
  const news = session.written.slice(written);
  const frames = framesIn(news);
  yield noted('200 × 60, one row changes ten times a second', `${(frames / 8).toFixed(1)} frames/s`);
  yield atMost('CPU a frame', (after.cpuMs - before.cpuMs) / frames, 20, 'ms', 1);
  yield atMost('written a frame', news.length / frames, 1_200, 'B');
  await session.close();
}

/** Milliseconds from a key to the row it selects, by what a person would see. */
async function echoes(session: ScreenSession, count: number): Promise<number[]> {
  const samples: number[] = [];
  for (let at = 0; at < count; at++) {
    const before = selectedRow(session);
    const pressedAt = performance.now();
    const { promise: painted, resolve } = Promise.withResolvers<void>();
    const watch = session.terminal.onWriteParsed(() => {
      if (selectedRow(session) !== before) resolve();
    });
    session.press(at % 2 === 0 ? 'j' : 'k');
    await painted;
    watch.dispose();
    samples.push(performance.now() - pressedAt);
    await pause(40 + ((at * 37) % 90));
  }
  return samples;
}

/** The row with the bar at its left. Reading one column keeps the measuring cheap beside what is measured. */
function selectedRow(session: ScreenSession): number {
  const { active } = session.terminal.buffer;
  for (let row = 0; row < session.terminal.rows; row++) {
    if (
      active
        .getLine(active.baseY + row)
        ?.getCell(0)
        ?.getChars() === '▌'
    )
      return row;
  }
  return -1;
}

async function* busyKeys(busy: Bundled): AsyncGenerator<Figure> {
  const session = await start(busy, busyHouse);
  for (const [screen, key] of [
    ['fleet', '1'],
    ['agents', '2'],
  ] as const) {
    session.press(key);
    await pause(500);
    const samples = await echoes(session, 120);
    yield atMost(`key to paint, ${screen}, 200 changes/s, p95`, percentile(samples, 0.95), 50, 'ms');
  }
  await pause(5_000);
  yield atMost('200 gateways, 5,000 agents, 200 changes/s, RSS', costOf(session.pty.pid).rssMb, 180, 'MB');
  await session.close();
}

async function* slowLink(busy: Bundled): AsyncGenerator<Figure> {
  const bytesPerMs = 16;
  const session = await start(busy, {
    GATEWAYS: '200',
    AGENTS: '50',
    COMMANDS: '50',
    CHANGES_PER_SECOND: '10',
  });
  // Takes the terminal's output no faster than the link would.
  session.pty.onData((data) => {
    session.pty.pause();
    setTimeout(() => session.pty.resume(), data.length / bytesPerMs);
  });
  const samples = await echoes(session, 60);
  yield atMost('key to paint over 16 kB/s while the screen updates, median', median(samples), 100, 'ms');
  await session.close();
}

async function* log(busy: Bundled): AsyncGenerator<Figure> {
  const session = await start(busy, { GATEWAYS: '3', AGENTS: '3', COMMANDS: '5', LINES_PER_SECOND: '4000' });
  session.press('3\r');
  await session.waitFor('── Output');
  await pause(20_000);
  const [rss, written] = [costOf(session.pty.pid).rssMb, session.written.length];
  await pause(10_000);
  yield atMost('followed log, 4,000 lines/s, RSS after 30 s', costOf(session.pty.pid).rssMb, 180, 'MB');
  yield noted('RSS after 20 s', `${rss.toFixed(0)} MB`);
  yield atMost('followed log, written', (session.written.length - written) / 10_000, 60, 'kB/s', 1);
  await session.close();
}

export async function* measure(): AsyncIterable<Figure> {
  const [face, busy, minimal] = await Promise.all(
    ['tui/testing/sample-program.ts', 'bench/tui/busy-program.ts', 'tui/testing/minimal-program.tsx'].map(
      bundled,
    ),
  );
  if (face === undefined || busy === undefined || minimal === undefined)
    throw new Error('a program was not bundled');
  try {
    yield* startUp(face, minimal);
    yield* idle(face);
    yield* drawing(busy);
    yield* busyKeys(busy);
    yield* slowLink(busy);
    yield* log(busy);
  } finally {
    await Promise.all([face, busy, minimal].map((program) => program.remove()));
  }
}
