import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../scripts/build.ts';
import { bundled } from '../tui/testing/bundled.ts';
import { ScreenSession, type SessionOptions } from '../tui/testing/screen-session.ts';
import { path } from './path.ts';
import { median } from './percentile.ts';
import { type BenchStack, startBenchStack } from './stack.ts';
import { atMost, type Figure, noted } from './table.ts';
import { hqTui } from './tui/hq-tui.ts';

export const title = 'Starting';

const root = fileURLToPath(new URL('..', import.meta.url));
const rounds = { cold: 3, warm: 7, frames: 15, versions: 41 };
const longestMs = 60_000;
/** As an operator's shell would find npm and Node: without what `npm run` puts before them. */
const shellPath = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);

interface Took {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Returns the CPU time of the children that have ended; ticks are hundredths of a second. */
function childrenCpuMs(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

/** Milliseconds from the start of `npm start` until its screen shows a gateway, live. */
async function untilLive(data: string): Promise<number> {
  const startedAt = performance.now();
  const session = new ScreenSession('npm', ['start', '--', '--data', data], {
    columns: 120,
    rows: 40,
    cwd: root,
    env: { PATH: shellPath },
  });
  try {
    await session.waitFor(/● LIVE[\s\S]*\n▌. default /, longestMs);
    return performance.now() - startedAt;
  } finally {
    session.press('q');
    await session.exited;
  }
}

async function* npmStart(): AsyncGenerator<Figure> {
  const home = await mkdtemp(join(tmpdir(), 'hq-bench-start-'));
  try {
    const cold: number[] = [];
    for (let round = 0; round < rounds.cold; round++) cold.push(await untilLive(join(home, `cold-${round}`)));
    yield atMost('npm start to live, nothing there yet, median', median(cold) / 1000, 5, 's', 2);
    const warm: number[] = [];
    for (let round = 0; round < rounds.warm; round++) warm.push(await untilLive(join(home, 'cold-0')));
    yield atMost('npm start to live, data directory exists, median', median(warm) / 1000, 2.5, 's', 2);
    yield noted('npm start to live, data directory exists, all', warm.map((ms) => Math.round(ms)).join(' '));
  } finally {
    await rm(home, { recursive: true });
  }
}

/** From the start of a program until the first frame that shows the name is written; then it is ended. */
async function firstFrame(command: readonly [string, ...string[]], options: SessionOptions): Promise<Took> {
  const [startedAt, cpuBefore] = [performance.now(), childrenCpuMs()];
  const [program, ...args] = command;
  const session = new ScreenSession(program, args, options);
  const { promise: shown, resolve } = Promise.withResolvers<number>();
  session.pty.onData(() => {
    if (session.written.includes('HQ')) resolve(performance.now() - startedAt);
  });
  const wallMs = await shown;
  await session.close();
  return { wallMs, cpuMs: childrenCpuMs() - cpuBefore };
}

async function* terminal(stack: BenchStack): AsyncGenerator<Figure> {
  const minimal = await bundled('tui/testing/minimal-program.tsx');
  const state = await mkdtemp(join(tmpdir(), 'hq-bench-state-'));
  const options: SessionOptions = {
    columns: 200,
    rows: 60,
    env: {
      PATH: path,
      SUPABASE_URL: stack.url,
      SUPABASE_ANON_KEY: stack.anonKey,
      HQ_EMAIL: stack.email,
      HQ_PASSWORD: stack.password,
      XDG_STATE_HOME: state,
    },
  };
  const [ours, theirs]: [Took[], Took[]] = [[], []];
  try {
    // Left as an operator leaves it, so that it finds what it keeps from one start to the next.
    const before = new ScreenSession(hqTui, [], options);
    await before.waitFor('LIVE');
    before.press('q');
    await before.exited;
    // In turns, so that a noisy moment hits both.
    for (let round = 0; round < rounds.frames; round++) {
      ours.push(await firstFrame([hqTui], options));
      theirs.push(await firstFrame([process.execPath, minimal.file], options));
    }
  } finally {
    await minimal.remove();
    await rm(state, { recursive: true });
  }
  const [wall, cpu] = [medianOf(ours, 'wallMs'), medianOf(ours, 'cpuMs')];
  yield atMost('hq-tui to its first frame, median', wall, 300, 'ms');
  yield atMost('hq-tui ÷ minimal Ink app, first frame', wall / medianOf(theirs, 'wallMs'), 1.3, '×', 2);
  yield noted('minimal Ink app, first frame, median', `${medianOf(theirs, 'wallMs').toFixed(0)} ms`);
  yield noted('CPU, hq-tui / minimal Ink app, median', `${cpu} / ${medianOf(theirs, 'cpuMs')} ms`);
}

function medianOf(samples: readonly Took[], part: keyof Took): number {
  return median(samples.map((sample) => sample[part]));
}

function runOnce(args: readonly string[]): number {
  const startedAt = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return performance.now() - startedAt;
}

function* version(): Generator<Figure> {
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds.versions; round++) {
    ours.push(runOnce([hqTui, '--version']));
    bare.push(runOnce(['-e', '0']));
  }
  yield atMost('hq-tui --version ÷ node -e 0', median(ours) / median(bare), 2, '×', 2);
  yield noted(
    'hq-tui --version / node -e 0, median',
    `${median(ours).toFixed(0)} / ${median(bare).toFixed(0)} ms`,
  );
}

export async function* measure(): AsyncIterable<Figure> {
  await ensureBuilt('hq-tui', 'hq-runner', 'hq-gateway');
  yield* version();
  const stack = await startBenchStack();
  try {
    yield* terminal(stack);
  } finally {
    await stack.stop();
  }
  yield* npmStart();
}
