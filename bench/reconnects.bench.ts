import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../local/src/free-port.ts';
import { type ChatHarness, type LinkedAccounts, linkAccounts, startChatHarness } from './chat/harness.ts';
import { openHeaps } from './chat/heaps.ts';
import { discordSoak, losses, type PlatformSoak, slackSoak, telegramSoak } from './chat/reconnect-soak.ts';
import { atMost, type Figure, noted } from './table.ts';

export const title =
  'A bad day: hq-bots with its three adapters, its connections lost as often as a bad day does, walked in minutes';

const people = 12;
const allLosses = Object.values(losses).reduce((sum, each) => sum + each, 0);
const looks = 12;
/** In MB. How a command can be answered is kept for a quarter of an hour, and the whole day is over sooner. */
const heapMayGrow = 2;
/** What starting leaves behind is cleared away by then. */
const settleMs = 12_000;

interface Look {
  readonly residentMemory: number;
  readonly openFiles: number;
  readonly heaps: ReadonlyMap<string, number>;
}

export async function* measure(): AsyncIterable<Figure> {
  const port = await freePort();
  const harness = await startChatHarness({ NODE_OPTIONS: `--inspect=127.0.0.1:${port}` });
  try {
    const trios: LinkedAccounts[] = [];
    for (let index = 0; index < people; index += 1) trios.push(await linkAccounts(harness, `day${index}`));
    await pause(settleMs);
    yield* walkDay(harness, trios, port);
  } finally {
    await harness.stop();
  }
}

async function* walkDay(
  harness: ChatHarness,
  trios: readonly LinkedAccounts[],
  port: number,
): AsyncIterable<Figure> {
  const heaps = await openHeaps(port);
  const begun = performance.now();
  const days = [slackSoak(harness, trios), discordSoak(harness, trios), telegramSoak(harness, trios)];
  const walking = Promise.all(days.map((day) => day.run()));
  const looked: Look[] = [];
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  walking.then(over, over);
  while (!isOver) {
    const part = days.reduce((sum, { lost }) => sum + lost, 0) / allLosses;
    if (part * looks > looked.length + 1) {
      const { bots } = harness;
      const [residentMemory, openFiles] = [bots.residentMemory(), bots.openFiles()];
      looked.push({ residentMemory, openFiles, heaps: await heaps.measure() });
    }
    await pause(100);
  }
  await walking;
  heaps.close();
  yield noted('the day was walked in', `${((performance.now() - begun) / 60_000).toFixed(1)} min`);
  for (const day of days) yield* whatCame(harness, day);
  yield* whatIsLeft(looked);
}

async function* whatCame({ database }: ChatHarness, day: PlatformSoak): AsyncIterable<Figure> {
  const { platform, titles, lost } = day;
  const missing = await settled(() => titles.length - new Set(day.answers()).size);
  const { rows } = await database.query<{ title: string }>('select title from tasks where title = any ($1)', [
    titles,
  ]);
  const answers = day.answers();
  const distinct = new Set(rows.map(({ title }) => title)).size;
  yield noted(`${platform}: connections lost; commands in between`, `${lost}; ${titles.length}`);
  yield atMost('  commands without a row', titles.length - distinct, 0, '');
  yield atMost('  rows twice', rows.length - distinct, 0, '');
  yield atMost('  commands without an answer', missing, 0, '');
  yield atMost('  answers twice', answers.length - new Set(answers).size, 0, '');
}

/** What is left once it has become nothing, or has not for half a minute. */
async function settled(count: () => number): Promise<number> {
  for (let tries = 0; tries < 60; tries += 1) {
    if (count() === 0) return 0;
    await pause(500);
  }
  return count();
}

async function* whatIsLeft(looked: readonly Look[]): AsyncIterable<Figure> {
  const third = Math.floor(looked.length / 3);
  const first = looked.slice(0, third);
  const last = looked.slice(-third);
  const grown = (of: (look: Look) => number): number => mean(last.map(of)) - mean(first.map(of));
  yield noted(
    'resident memory, first and last third',
    `${mean(first.map(residentMemory)).toFixed(0)}, ${mean(last.map(residentMemory)).toFixed(0)} MiB`,
  );
  yield atMost('  the last more than the first', grown(residentMemory), 5, 'MiB', 1);
  for (const name of looked[0]?.heaps.keys() ?? [])
    yield atMost(
      `heap of ${name}: the last third more than the first`,
      grown(({ heaps }) => heaps.get(name) ?? 0),
      heapMayGrow,
      'MB',
      2,
    );
  yield atMost(
    'open files and sockets: the last third more than the first',
    grown(({ openFiles }) => openFiles),
    2,
    '',
    1,
  );
}

const residentMemory = (look: Look): number => look.residentMemory;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
