import { setTimeout as pause } from 'node:timers/promises';
import { type Bundled, bundled } from '../tui/testing/bundled.ts';
import { ScreenSession, type SessionOptions } from '../tui/testing/screen-session.ts';
import { median, percentile } from './percentile.ts';
import { atMost, type Figure, noted } from './table.ts';
import { keyEchoes } from './tui/key-echo.ts';
import { costOf } from './tui/process-cost.ts';

export const title = 'The terminal face on rows made beside it: drawing alone';

const frameStart = '\u001b[?2026h';
/** The size at which drawing is measured. */
const large = { columns: 200, rows: 60, background: '0000/0000/0000' };
const busyHouse = { GATEWAYS: '200', AGENTS: '5000', COMMANDS: '500', CHANGES_PER_SECOND: '200' };

function framesIn(written: string): number {
  return written.split(frameStart).length - 1;
}

async function start(
  program: Bundled,
  env: Readonly<Record<string, string>>,
  link: Pick<SessionOptions, 'bytesPerSecond'> = {},
): Promise<ScreenSession> {
  const session = new ScreenSession(process.execPath, [program.file], { ...large, ...link, env });
  await session.waitFor('LIVE');
  await pause(1_500);
  return session;
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

async function* busyKeys(busy: Bundled): AsyncGenerator<Figure> {
  const session = await start(busy, busyHouse);
  for (const [screen, key] of [
    ['fleet', '1'],
    ['agents', '2'],
  ] as const) {
    session.press(key);
    await pause(500);
    const samples = await keyEchoes(session, 120);
    yield atMost(`key to paint, ${screen}, 200 changes/s, p95`, percentile(samples, 0.95), 50, 'ms');
  }
  await pause(5_000);
  yield atMost('200 gateways, 5,000 agents, 200 changes/s, RSS', costOf(session.pty.pid).rssMb, 180, 'MB');
  await session.close();
}

async function* slowLink(busy: Bundled): AsyncGenerator<Figure> {
  const env = { GATEWAYS: '200', AGENTS: '50', COMMANDS: '50', CHANGES_PER_SECOND: '10' };
  const session = await start(busy, env, { bytesPerSecond: 16_000 });
  const samples = await keyEchoes(session, 60);
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
  const face = await bundled('tui/testing/sample-program.ts');
  const busy = await bundled('bench/tui/busy-program.ts');
  try {
    yield* idle(face);
    yield* drawing(busy);
    yield* busyKeys(busy);
    yield* slowLink(busy);
    yield* log(busy);
  } finally {
    await Promise.all([face, busy].map((program) => program.remove()));
  }
}
