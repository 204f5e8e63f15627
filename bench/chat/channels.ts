import { renderedText } from '../../bots/fakes/discord-server/index.ts';
import type { ChatHarness } from './harness.ts';

export interface AlertChannel {
  readonly platform: 'slack' | 'discord' | 'telegram';
  readonly install: string;
  readonly channel: string;
  /** Returns everything that the channel shows. */
  readonly text: () => string;
}

/** Opens so many channels, on each platform in turn. */
export function openChannels(harness: ChatHarness, name: string, count: number): readonly AlertChannel[] {
  return Array.from({ length: count }, (_, index) => openChannel(harness, name, index));
}

function openChannel({ slack, discord, telegram }: ChatHarness, name: string, index: number): AlertChannel {
  if (index % 3 === 0) {
    const { workspace } = slack.server;
    const channel = workspace.channel(`${name}-${index}`, []);
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
    const where = discord.channel(`${name}-${index}`);
    return {
      platform: 'discord',
      install: String(where.guild ?? ''),
      channel: where.channel,
      text: () => discord.messages(where).map(renderedText).join('\n'),
    };
  }
  const chat = telegram.group(`${name}-${index}`, []);
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

/** Subscribes channels to the alerts that fit the filter; with `tag`, each to those with its own number behind it. */
export async function subscribe(
  { database }: ChatHarness,
  channels: readonly AlertChannel[],
  filter: { readonly severity: string },
  tag?: string,
): Promise<void> {
  const column = (pick: (one: AlertChannel) => string): string[] => channels.map(pick);
  await database.query(
    `with wanted as (
       select * from unnest($1::text[], $2::text[], $3::text[]) with ordinality w (platform, install, channel, at)
     ), bound as (
       insert into chat_channels (platform, install, channel, ceiling)
       select platform, install, channel, 'operator' from wanted returning id, platform, install, channel
     )
     insert into chat_subscriptions (platform, install, channel, kind, channel_id, filter)
     select b.platform, b.install, b.channel, 'group', b.id,
            $4::jsonb || case when $5::text is null then '{}' else jsonb_build_object('tags', jsonb_build_array($5 || (w.at - 1))) end
     from bound b join wanted w using (platform, install, channel)`,
    [
      column(({ platform }) => platform),
      column(({ install }) => install),
      column(({ channel }) => channel),
      JSON.stringify(filter),
      tag ?? null,
    ],
  );
}
