import { setTimeout as pause } from 'node:timers/promises';
import { renderedText } from '../../bots/fakes/discord-server/index.ts';
import { atMost, type Figure, noted } from '../table.ts';
import type { ChatHarness } from './harness.ts';

const channels = 999;
const perSecond = 100;
const seconds = 20;
/** Telegram accepts thirty messages a second, and has a third of the channels. */
const deliveryLimitMs = 300_000;

interface SubscribedChannel {
  readonly platform: 'slack' | 'discord' | 'telegram';
  readonly install: string;
  readonly channel: string;
  /** Returns everything that the channel shows. */
  readonly text: () => string;
}

/** Sends a hundred alerts a second to a thousand channels, each with its own alerts. */
export async function* measureAlerts(harness: ChatHarness): AsyncIterable<Figure> {
  const subscribed = Array.from({ length: channels }, (_, index) => openChannel(harness, index));
  await subscribe(harness, subscribed);
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

function openChannel({ slack, discord, telegram }: ChatHarness, index: number): SubscribedChannel {
  if (index % 3 === 0) {
    const { workspace } = slack.server;
    const channel = workspace.channel(`alerts-${index}`, []);
    return {
      platform: 'slack',
      install: workspace.team,
      channel: channel.id,
      text: () =>
        workspace
          .visibleMessages(channel.id)
          .map((message) => workspace.render(message).text)
          .join('\n'),
    };
  }
  if (index % 3 === 1) {
    const where = discord.channel(`alerts-${index}`);
    return {
      platform: 'discord',
      install: String(where.guild ?? ''),
      channel: where.channel,
      text: () => discord.messages(where).map(renderedText).join('\n'),
    };
  }
  const chat = telegram.group(`alerts-${index}`, []);
  return {
    platform: 'telegram',
    install: String(telegram.bot.id),
    channel: String(chat.id),
    text: () =>
      telegram
        .messages(chat)
        .map(({ text }) => text)
        .join('\n'),
  };
}

async function subscribe({ database }: ChatHarness, subscribed: readonly SubscribedChannel[]): Promise<void> {
  const column = (pick: (one: SubscribedChannel) => string): string[] => subscribed.map(pick);
  await database.query(
    `with wanted as (
       select * from unnest($1::text[], $2::text[], $3::text[]) with ordinality w (platform, install, channel, at)
     ), bound as (
       insert into chat_channels (platform, install, channel, ceiling)
       select platform, install, channel, 'operator' from wanted returning id, platform, install, channel
     )
     insert into chat_subscriptions (platform, install, channel, kind, channel_id, filter)
     select b.platform, b.install, b.channel, 'group', b.id,
            jsonb_build_object('severity', 'warning', 'tags', jsonb_build_array('c' || (w.at - 1)))
     from bound b join wanted w using (platform, install, channel)`,
    [column(({ platform }) => platform), column(({ install }) => install), column(({ channel }) => channel)],
  );
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

function numbersOf({ text }: SubscribedChannel): number[] {
  return [...text().matchAll(/bench alert (\d+) ends/gu)].map(([, number]) => Number(number));
}

async function untilAllDelivered(subscribed: readonly SubscribedChannel[], total: number): Promise<number> {
  const end = performance.now() + deliveryLimitMs;
  for (;;) {
    const shown = new Set(subscribed.flatMap(numbersOf));
    if (shown.size >= total || performance.now() > end) return total - shown.size;
    await pause(500);
  }
}

function isOutOfOrder(one: SubscribedChannel): boolean {
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
