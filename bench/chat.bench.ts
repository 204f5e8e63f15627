import { setTimeout as pause } from 'node:timers/promises';
import { measureAlerts } from './chat/alerts.ts';
import { measureButtons } from './chat/button-latency.ts';
import { measureCommands } from './chat/commands.ts';
import { type ChatHarness, startChatHarness } from './chat/harness.ts';
import { measureQuestions } from './chat/questions.ts';
import { atMost, type Figure } from './table.ts';

export const title = 'Chat: hq-bots with its three adapters, against fake platforms and the local stack';

const idleSeconds = 30;

export async function* measure(): AsyncIterable<Figure> {
  const harness = await startChatHarness();
  try {
    yield* measureIdle(harness);
    yield* measureButtons(harness);
    yield* measureCommands(harness);
    yield* measureQuestions(harness);
    yield* measureAlerts(harness);
  } finally {
    await harness.stop();
  }
}

async function* measureIdle({ bots }: ChatHarness): AsyncIterable<Figure> {
  // Lets the garbage of the start be collected.
  await pause(12_000);
  const before = bots.processorSeconds();
  await pause(idleSeconds * 1000);
  yield atMost('idle, RSS of all three', bots.residentMemory(), 120, 'MiB');
  yield atMost('idle, CPU', ((bots.processorSeconds() - before) / idleSeconds) * 100, 1, '%', 1);
}
