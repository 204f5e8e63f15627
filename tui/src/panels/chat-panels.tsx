import type { ChatBotRow, ChatChannelRow } from '@hq/shared/rows';
import { agoOf, plain } from '@hq/shared/text';
import type { ReactNode } from 'react';
import { chatBotLabel } from '../columns/chat-bots.ts';
import { slugIn } from '../columns/lookups.ts';
import type { RowContext } from '../columns/row-context.ts';
import { fill } from '../table/cell.ts';
import { Line, type Part, Remark, Rule } from '../widgets/line.tsx';
import { Panel, type Place } from '../widgets/panel.tsx';
import { useTheme } from '../widgets/theme.ts';

interface ChatPanelsProps extends Place {
  readonly bots: readonly ChatBotRow[];
  readonly channels: readonly ChatChannelRow[];
  readonly context: RowContext;
}

/** The bots first: a channel without its bot is of no use. */
export function ChatPanels({ bots, channels, context, width, height }: ChatPanelsProps): ReactNode {
  const theme = useTheme();
  const widest = Math.max(0, ...channels.map(({ channel }) => plain(channel).length));
  return (
    <Panel width={width} height={height}>
      <Rule title="Bots" />
      {bots.length === 0 ? <Remark text="   No bot has reported yet." /> : null}
      {bots.map((bot) => {
        const { mark, tone } = chatBotLabel(bot, context.now);
        const head = { text: ` ${theme.mark(mark)} `, tone };
        return (
          <Line key={`${bot.platform} ${bot.fingerprint}`} parts={[head, ...botParts(bot, context.now)]} />
        );
      })}
      <Rule title="Channels" note={channels.length === 0 ? '' : String(channels.length)} />
      {channels.length === 0 ? <Remark text="   None is bound. An admin writes /hq bind in one." /> : null}
      {channels.map((channel) => (
        <Line key={channel.id} parts={channelParts(channel, context, widest)} />
      ))}
    </Panel>
  );
}

function botParts(bot: ChatBotRow, now: number): Part[] {
  const { word, tone } = chatBotLabel(bot, now);
  const last = (what: string, at: string | null): string =>
    at === null ? `${what} nothing yet` : `${what} ${agoOf(at, now)}`;
  return [
    { text: fill(bot.platform, 10), tone: 'strong' },
    { text: fill(plain(word), 13), tone },
    { text: `${last('heard', bot.last_inbound_at)}, ${last('said', bot.last_outbound_at)}` },
    { text: bot.detail === null ? '' : `  ${plain(bot.detail)}`, tone: word === 'connected' ? 'dim' : tone },
  ];
}

function channelParts(channel: ChatChannelRow, { lookups }: RowContext, widest: number): Part[] {
  const slugs = [slugIn(lookups.gateways, channel.gateway_id), slugIn(lookups.agents, channel.agent_id)];
  const target = slugs.flatMap((slug) => (slug === null ? [] : [plain(slug)])).join('/');
  return [
    { text: `   ${fill(channel.platform, 10)}`, tone: 'strong' },
    { text: fill(plain(channel.channel), widest) },
    { text: `  at most ${plain(channel.ceiling)}`, tone: 'dim' },
    { text: target === '' ? '' : `  ${target}` },
  ];
}
