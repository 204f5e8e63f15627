import { setTimeout as pause } from 'node:timers/promises';
import { measureAlerts } from './chat/alerts.ts';
import { measurePresses } from './chat/button-latency.ts';
import { measureCommands } from './chat/commands.ts';
import { type ChatHouse, openChatHouse } from './chat/sample-hq.ts';
import { atMost, type Figure } from './table.ts';

export const title =
  'Chat: hq-bots with its three adapters, the platforms on the wire, the local stack behind it';

const idleSeconds = 30;

export async function* measure(): AsyncIterable<Figure> {
  const house = await openChatHouse();
  try {
    yield* measureIdle(house);
    yield* measurePresses(house);
    yield* measureCommands(house);
    yield* measureAlerts(house);
  } finally {
    await house.stop();
  }
}

async function* measureIdle({ bots }: ChatHouse): AsyncIterable<Figure> {
  // What starting leaves behind is cleared away by then.
  await pause(12_000);
  const before = bots.processorSeconds();
  await pause(idleSeconds * 1000);
  yield atMost('idle, RSS of all three', bots.residentMemory(), 120, 'MiB');
  yield atMost('idle, CPU', ((bots.processorSeconds() - before) / idleSeconds) * 100, 1, '%', 1);
}
