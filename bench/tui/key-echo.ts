import { setTimeout as pause } from 'node:timers/promises';
import type { ScreenSession } from '../../tui/testing/screen-session.ts';

const longestMs = 10_000;

/** Milliseconds from each key to the bar standing on the row that it selects, by what a person would see. */
export async function keyEchoes(session: ScreenSession, count: number): Promise<number[]> {
  const samples: number[] = [];
  for (let at = 0; at < count; at++) {
    const before = selectedRow(session);
    const pressedAt = performance.now();
    const { promise: painted, resolve } = Promise.withResolvers<void>();
    const watch = session.terminal.onWriteParsed(() => {
      const now = selectedRow(session);
      if (now !== before && now !== -1) resolve();
    });
    session.press(at % 2 === 0 ? 'j' : 'k');
    await Promise.race([painted, tooLong()]);
    watch.dispose();
    samples.push(performance.now() - pressedAt);
    await pause(40 + ((at * 37) % 90));
  }
  return samples;
}

async function tooLong(): Promise<never> {
  await pause(longestMs, undefined, { ref: false });
  throw new Error('a key was never answered');
}

/** The row with the bar at its left. Reading one column keeps the measuring cheap beside what is measured. */
function selectedRow({ terminal }: ScreenSession): number {
  const { active } = terminal.buffer;
  for (let row = 0; row < terminal.rows; row++) {
    const first = active.getLine(active.baseY + row)?.getCell(0);
    if (first?.getChars() === '▌') return row;
  }
  return -1;
}
