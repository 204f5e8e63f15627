import { setTimeout as pause } from 'node:timers/promises';
import { atMost, type Figure, noted } from '../table.ts';
import { type AlertChannel, openChannels, subscribe } from './channels.ts';
import type { ChatHarness } from './harness.ts';

const channels = 999;
const perSecond = 100;
const seconds = 20;
/** Telegram accepts thirty messages a second, and has a third of the channels. */
const deliveryLimitMs = 300_000;

/** Sends a hundred alerts a second to a thousand channels, each with its own alerts. */
export async function* measureAlerts(harness: ChatHarness): AsyncIterable<Figure> {
  const subscribed = openChannels(harness, 'alerts', channels);
  await subscribe(harness, subscribed, { severity: 'warning' }, 'c');
  // The bots read new subscriptions once a minute.
  await pause(62_000);
  const before = harness.telegram.calls.length;
  const total = perSecond * seconds;
  const begun = performance.now();
  for (let index = 0; index < total; index += perSecond / 10) {
    await raise(harness, index, perSecond / 10);
    await pause(Math.max(0, begun + ((index + perSecond / 10) * 1000) / perSecond - performance.now()));
  }
  const raisedSeconds = (performance.now() - begun) / 1000;
  const missing = await untilAllDelivered(subscribed, total);
  yield noted('alerts raised a second', (total / raisedSeconds).toFixed(0));
  yield noted(
    'until all are delivered, after the last was raised',
    `${((performance.now() - begun) / 1000 - raisedSeconds).toFixed(1)} s`,
  );
  yield atMost('alerts lost', missing, 0, '');
  yield atMost('channels with alerts out of order', subscribed.filter(isOutOfOrder).length, 0, '');
  const sent = harness.telegram.calls
    .slice(before)
    .filter(({ method }) => /^(?:send|edit)message/u.test(method));
  yield atMost(
    'Telegram, messages in any second',
    mostWithin(
      sent.map(({ at }) => at),
      1_000,
    ),
    30,
    '',
  );
  yield atMost('Discord, calls above its limit', harness.discord.rateLimited, 0, '');
}

async function raise({ database }: ChatHarness, from: number, count: number): Promise<void> {
  await database.query(
    `insert into notifications (type, severity, title, subject, meta)
     select 'command_failed', 'error', 'bench alert ' || n || ' ends', 'bench:' || n,
            jsonb_build_object('tags', jsonb_build_array('c' || (n % $3::int)))
     from generate_series($1::int, $1::int + $2::int - 1) n`,
    [from, count, channels],
  );
}

function numbersOf({ text }: AlertChannel): number[] {
  return [...text().matchAll(/bench alert (\d+) ends/gu)].map(([, number]) => Number(number));
}

async function untilAllDelivered(subscribed: readonly AlertChannel[], total: number): Promise<number> {
  const end = performance.now() + deliveryLimitMs;
  for (;;) {
    const shown = new Set(subscribed.flatMap(numbersOf));
    if (shown.size >= total || performance.now() > end) return total - shown.size;
    await pause(500);
  }
}

function isOutOfOrder(one: AlertChannel): boolean {
  const numbers = numbersOf(one);
  return numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? -1));
}

function mostWithin(times: readonly number[], ms: number): number {
  let from = 0;
  return times.reduce((most, at, index) => {
    while (at - (times[from] ?? at) >= ms) from += 1;
    return Math.max(most, index - from + 1);
  }, 0);
}
