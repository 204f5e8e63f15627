import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@hq/shared/program';
import { type ChatHarness, type LinkedAccounts, linkAccounts, startChatHarness } from './chat/harness.ts';
import { openHeaps } from './chat/heaps.ts';
import { discordSoak, losses, type PlatformSoak, slackSoak, telegramSoak } from './chat/reconnect-soak.ts';
import { atMost, type Figure, noted } from './table.ts';

export const title =
  'Reconnects: hq-bots with its three adapters, with the lost connections of a day in minutes';

const peopleCount = 12;
const allLosses = Object.values(losses).reduce((sum, each) => sum + each, 0);
const sampleCount = 12;
/** MB. The data to answer a command is kept for 15 minutes, longer than this run. */
const heapMayGrow = 2;
/** Lets the garbage of the start be collected. */
const settleMs = 12_000;

interface Sample {
  readonly residentMemory: number;
  readonly openFiles: number;
  readonly heaps: ReadonlyMap<string, number>;
}

export async function* measure(): AsyncIterable<Figure> {
  const port = await freePort();
  const harness = await startChatHarness({ NODE_OPTIONS: `--inspect=127.0.0.1:${port}` });
  try {
    const people: LinkedAccounts[] = [];
    for (let index = 0; index < peopleCount; index += 1)
      people.push(await linkAccounts(harness, `soak${index}`));
    await pause(settleMs);
    yield* runSoaks(harness, people, port);
  } finally {
    await harness.stop();
  }
}

async function* runSoaks(
  harness: ChatHarness,
  people: readonly LinkedAccounts[],
  port: number,
): AsyncIterable<Figure> {
  const heaps = await openHeaps(port);
  const begun = performance.now();
  const soaks = [slackSoak(harness, people), discordSoak(harness, people), telegramSoak(harness, people)];
  const running = Promise.all(soaks.map((soak) => soak.run()));
  const samples: Sample[] = [];
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  running.then(over, over);
  while (!isOver) {
    const part = soaks.reduce((sum, { lost }) => sum + lost, 0) / allLosses;
    if (part * sampleCount > samples.length + 1) {
      const { bots } = harness;
      const [residentMemory, openFiles] = [bots.residentMemory(), bots.openFiles()];
      samples.push({ residentMemory, openFiles, heaps: await heaps.measure() });
    }
    await pause(100);
  }
  await running;
  heaps.close();
  yield noted('duration', `${((performance.now() - begun) / 60_000).toFixed(1)} min`);
  for (const soak of soaks) yield* outcome(harness, soak);
  yield* leaks(samples);
}

async function* outcome({ database }: ChatHarness, soak: PlatformSoak): AsyncIterable<Figure> {
  const { platform, titles, lost } = soak;
  const missing = await settled(() => titles.length - new Set(soak.answers()).size);
  const { rows } = await database.query<{ title: string }>('select title from tasks where title = any ($1)', [
    titles,
  ]);
  const answers = soak.answers();
  const distinct = new Set(rows.map(({ title }) => title)).size;
  yield noted(`${platform}: connections lost; commands in between`, `${lost}; ${titles.length}`);
  yield atMost('  commands without a row', titles.length - distinct, 0, '');
  yield atMost('  rows twice', rows.length - distinct, 0, '');
  yield atMost('  commands without an answer', missing, 0, '');
  yield atMost('  answers twice', answers.length - new Set(answers).size, 0, '');
}

/** Returns the count once it is zero, or after half a minute. */
async function settled(count: () => number): Promise<number> {
  for (let tries = 0; tries < 60; tries += 1) {
    if (count() === 0) return 0;
    await pause(500);
  }
  return count();
}

async function* leaks(samples: readonly Sample[]): AsyncIterable<Figure> {
  const third = Math.floor(samples.length / 3);
  const first = samples.slice(0, third);
  const last = samples.slice(-third);
  const grown = (of: (sample: Sample) => number): number => mean(last.map(of)) - mean(first.map(of));
  yield noted(
    'resident memory, first and last third',
    `${mean(first.map(residentMemory)).toFixed(0)}, ${mean(last.map(residentMemory)).toFixed(0)} MiB`,
  );
  yield atMost('  the last more than the first', grown(residentMemory), 5, 'MiB', 1);
  for (const name of samples[0]?.heaps.keys() ?? [])
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

const residentMemory = (sample: Sample): number => sample.residentMemory;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
