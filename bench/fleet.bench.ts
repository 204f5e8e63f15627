import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureBuilt } from '../scripts/build.ts';
import { ScreenSession } from '../tui/testing/screen-session.ts';
import { path } from './path.ts';
import { median, percentile } from './percentile.ts';
import { type BenchStack, startBenchStack } from './stack.ts';
import { atLeast, atMost, type Figure, noted } from './table.ts';
import { hqTui } from './tui/hq-tui.ts';
import { keyEchoes } from './tui/key-echo.ts';
import { fleetSize, LargeFleet } from './tui/large-fleet.ts';
import { type Cost, costOf } from './tui/process-cost.ts';

export const title = 'hq-tui as shipped, on Postgres and Realtime: 200 × 60';

const frameStart = '\u001b[?2026h';
const idleSeconds = 20;
const busyPerSecond = 200;
/** An hour is asked for with HQ_BENCH_SOAK_MINUTES=60. */
const soakMinutes = Number(process.env.HQ_BENCH_SOAK_MINUTES ?? 3);
const longestMs = 60_000;

interface Scene {
  readonly stack: BenchStack;
  readonly fleet: LargeFleet;
  readonly home: string;
}

async function open({ stack, home }: Scene, bytesPerSecond?: number): Promise<ScreenSession> {
  const session = new ScreenSession(hqTui, [], {
    columns: 200,
    rows: 60,
    background: '0000/0000/0000',
    env: {
      PATH: path,
      SUPABASE_URL: stack.url,
      SUPABASE_ANON_KEY: stack.anonKey,
      HQ_EMAIL: stack.email,
      HQ_PASSWORD: stack.password,
      XDG_STATE_HOME: home,
    },
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  });
  await session.waitFor('LIVE', longestMs);
  await pause(1_500);
  return session;
}

interface Watched {
  readonly news: string;
  readonly cpuMs: number;
  readonly after: Cost;
}

/** Measures the output and the cost of a program while nobody presses a key. */
async function watch(session: ScreenSession, seconds: number): Promise<Watched> {
  const { length } = session.written;
  const before = costOf(session.pty.pid);
  await pause(seconds * 1000);
  const after = costOf(session.pty.pid);
  return { news: session.written.slice(length), cpuMs: after.cpuMs - before.cpuMs, after };
}

async function* idle(scene: Scene): AsyncGenerator<Figure> {
  await scene.fleet.beat();
  const session = await open(scene);
  const { news, cpuMs, after } = await watch(session, idleSeconds);
  yield atMost(`idle, written in ${idleSeconds} s`, news.length, 0, 'B');
  yield atMost('idle, CPU', cpuMs / idleSeconds / 10, 2, '%', 1);
  yield atMost('idle, RSS', after.rssMb, 110, 'MB');
  await session.close();
}

async function* oneRow(scene: Scene): AsyncGenerator<Figure> {
  await scene.fleet.beat();
  const session = await open(scene);
  scene.fleet.changeOneRow('gateway-009', 10);
  await session.waitFor(/change \d+/);
  const { news, cpuMs } = await watch(session, 10);
  await scene.fleet.stopChanging();
  const frames = news.split(frameStart).length - 1;
  yield noted('one row changes ten times a second', `${(frames / 10).toFixed(1)} frames/s`);
  yield atMost('CPU a frame', cpuMs / frames, 20, 'ms', 1);
  yield atMost('written a frame', news.length / frames, 1_200, 'B');
  await session.close();
}

async function* slowLink(scene: Scene): AsyncGenerator<Figure> {
  await scene.fleet.beat();
  const session = await open(scene, 16_000);
  scene.fleet.changeOneRow('gateway-009', 10);
  await session.waitFor(/change \d+/);
  const samples = await keyEchoes(session, 60);
  await scene.fleet.stopChanging();
  const p95 = percentile(samples, 0.95);
  yield atMost('key to paint over 16 kB/s while the screen updates, p95', p95, 100, 'ms');
  await session.close();
}

/** Screens that are looked at in turn while everything changes. */
async function* busy(scene: Scene): AsyncGenerator<Figure> {
  const { fleet } = scene;
  await fleet.beat();
  fleet.changeEverything(busyPerSecond);
  const session = await open(scene);
  const [changesBefore, startedAt] = [fleet.changes, performance.now()];
  const cpuBefore = costOf(session.pty.pid).cpuMs;
  for (const [screen, key] of [
    ['fleet', '1'],
    ['agents', '2'],
    ['commands', '3'],
  ] as const) {
    session.press(key);
    await pause(1_000);
    const samples = await keyEchoes(session, 150);
    yield atMost(`key to paint, ${screen}, p95`, percentile(samples, 0.95), 50, 'ms');
    yield noted(
      `key to paint, ${screen}, p50 / max`,
      `${median(samples).toFixed(0)} / ${Math.max(...samples).toFixed(0)} ms`,
    );
  }
  const seconds = (performance.now() - startedAt) / 1000;
  yield atLeast('changes written', (fleet.changes - changesBefore) / seconds, busyPerSecond * 0.95, '/s');
  yield noted('CPU', `${((costOf(session.pty.pid).cpuMs - cpuBefore) / seconds / 10).toFixed(0)} %`);
  yield* soak(session);
  await fleet.stopChanging();
  await session.close();
}

async function* soak(session: ScreenSession): AsyncGenerator<Figure> {
  const samples: number[] = [];
  const endAt = performance.now() + soakMinutes * 60_000;
  for (let at = 0; performance.now() < endAt; at++) {
    if (at % 10 === 0) session.press(String(1 + ((at / 10) % 3)));
    session.press('j');
    await pause(2_000);
    samples.push(costOf(session.pty.pid).rssMb);
  }
  const third = Math.floor(samples.length / 3);
  const [early, late] = [median(samples.slice(0, third)), median(samples.slice(-third))];
  yield atMost(`RSS over ${soakMinutes} min, highest`, Math.max(...samples), 180, 'MB');
  yield atMost('RSS, last third against the first', late - early, 10, 'MB', 1);
  yield noted('RSS, medians of the first and the last third', `${early.toFixed(0)}, ${late.toFixed(0)} MB`);
}

async function* log(scene: Scene): AsyncGenerator<Figure> {
  const session = await open(scene);
  // The newest command is the one that runs and writes.
  session.press('3');
  await pause(500);
  session.press('\r');
  await session.waitFor('── Output');
  await scene.fleet.writeLog(4_000);
  await session.waitFor(/of a log that never ends/);
  await pause(20_000);
  const { news, cpuMs, after } = await watch(session, 20);
  await scene.fleet.stopChanging();
  yield atMost('followed log, 4,000 lines/s, RSS after 40 s', after.rssMb, 180, 'MB');
  yield noted('followed log, written', `${(news.length / 20_000).toFixed(1)} kB/s`);
  yield noted('followed log, CPU', `${(cpuMs / 200).toFixed(0)} %`);
  await session.close();
}

export async function* measure(): AsyncIterable<Figure> {
  await ensureBuilt('hq-tui');
  const stack = await startBenchStack();
  const fleet = new LargeFleet(stack.databaseUrl);
  const home = await mkdtemp(join(tmpdir(), 'hq-bench-home-'));
  const scene = { stack, fleet, home };
  try {
    await fleet.open();
    yield* idle(scene);
    await fleet.fill();
    const { gateways, agents, commands } = fleetSize;
    yield noted('from here on', `${gateways} gateways, ${agents} agents, ${commands} commands`);
    yield* oneRow(scene);
    yield* slowLink(scene);
    yield* busy(scene);
    yield* log(scene);
  } finally {
    await fleet.close();
    await stack.stop();
    await rm(home, { recursive: true });
  }
}
