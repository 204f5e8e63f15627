import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../scripts/build.ts';
import { approveFirstResult } from '../tui/testing/first-result.ts';
import { ScreenSession } from '../tui/testing/screen-session.ts';
import { median } from './percentile.ts';
import { atMost, type Figure, noted } from './table.ts';

export const title = 'npm start to the first approved result, without an account anywhere';

const root = fileURLToPath(new URL('..', import.meta.url));
const rounds = 3;
const limitMs = 300_000;

/** As an operator's shell would find npm and Node: without what `npm run` puts before them. */
const shellPath = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);

/** Starts with a home and a data directory that are empty, and presses the README's keys as soon as the screen asks for them. */
async function firstResult(): Promise<{ readonly seconds: number; readonly keys: number }> {
  const home = await mkdtemp(join(tmpdir(), 'hq-bench-first-'));
  const startedAt = performance.now();
  const session = new ScreenSession('npm', ['start', '--', '--data', join(home, 'data')], {
    ...{ columns: 80, rows: 24, cwd: root },
    env: { PATH: shellPath, HOME: home, NO_COLOR: '1' },
  });
  try {
    const { keys } = await approveFirstResult(session, limitMs);
    return { seconds: (performance.now() - startedAt) / 1000, keys };
  } finally {
    session.press('q');
    await session.exited;
    await rm(home, { recursive: true });
  }
}

export async function* measure(): AsyncIterable<Figure> {
  await ensureBuilt('hq-tui', 'hq-runner', 'hq-gateway');
  const results = [];
  for (let round = 0; round < rounds; round++) results.push(await firstResult());
  const seconds = results.map((result) => result.seconds);
  yield atMost('npm start to the approved result, median', median(seconds), 120, 's', 1);
  yield noted('npm start to the approved result, all', seconds.map((each) => each.toFixed(1)).join(' '));
  yield atMost('keys pressed', Math.max(...results.map(({ keys }) => keys)), 5, '');
}
