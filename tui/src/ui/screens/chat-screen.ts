import type { ChatBotRow, ChatChannelRow, ChatLinkRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { chatBotLabel } from '../../columns/chat-bots.ts';
import type { RowContext } from '../../columns/row-context.ts';
import { fill } from '../../table/cell.ts';
import { since } from '../ages.ts';
import type { List } from '../list.ts';
import { listBody } from '../list-body.ts';
import { beside, exactly, line, type Part, titleRule } from '../panel.ts';
import type { Body, Room } from '../view.ts';

export interface ChatScene {
  readonly links: List<ChatLinkRow, RowContext>;
  readonly channels: readonly ChatChannelRow[];
  readonly bots: readonly ChatBotRow[];
  readonly whenEmpty: readonly string[];
}

/** From this width on the panels stand beside the list instead of below it. */
const wideFrom = 140;
const between = '  ';
const leastForList = 6;

/** The links, and beside them whether the bots are there and where they work. */
export function chatBody(scene: ChatScene, context: RowContext, room: Room): Body {
  const { width, height } = room;
  if (width >= wideFrom) {
    const right = Math.floor(width * 0.45);
    const left = listBody(
      scene.links,
      context,
      { ...room, width: width - right - between.length },
      scene.whenEmpty,
    );
    return { ...left, lines: beside(left.lines, panels(scene, context, { ...room, width: right }), between) };
  }
  const wanted = 4 + Math.max(1, scene.bots.length) + Math.max(1, scene.channels.length);
  const below = Math.max(0, Math.min(wanted, height - leastForList));
  const list = listBody(scene.links, context, { ...room, height: height - below }, scene.whenEmpty);
  const lines = [...list.lines, ...panels(scene, context, { ...room, height: below })];
  return { ...list, lines: exactly(lines, height, width) };
}

/** The bots first: a channel without its bot is of no use. */
function panels({ bots, channels }: ChatScene, context: RowContext, room: Room): string[] {
  const { width, height, theme } = room;
  const tell = (parts: readonly Part[]): string => line(parts, width, theme);
  const none = (told: string): string => tell([{ text: `   ${told}`, tone: 'dim' }]);
  const widest = Math.max(0, ...channels.map(({ channel }) => plain(channel).length));
  const told = [
    titleRule('Bots', '', width, theme),
    ...(bots.length === 0 ? [none('No bot has told of itself yet.')] : []),
    ...bots.map((bot) => tell(botParts(bot, context, room))),
    titleRule('Channels', channels.length === 0 ? '' : String(channels.length), width, theme),
    ...(channels.length === 0 ? [none('None is bound. An admin writes /hq bind in one.')] : []),
    ...channels.map((channel) => tell(channelParts(channel, context, widest))),
  ];
  return exactly(told, height, width);
}

function botParts(bot: ChatBotRow, { now }: RowContext, { theme }: Room): Part[] {
  const { word: state, mark, tone } = chatBotLabel(bot, now);
  const last = (what: string, at: string | null): string =>
    at === null ? `${what} nothing yet` : `${what} ${since(at, now)}`;
  return [
    { text: ` ${theme.mark(mark)} `, tone },
    { text: fill(bot.platform, 10), tone: 'strong' },
    { text: fill(plain(state), 13), tone },
    { text: `${last('heard', bot.last_inbound_at)}, ${last('said', bot.last_outbound_at)}` },
    { text: bot.detail === null ? '' : `  ${plain(bot.detail)}`, tone: state === 'connected' ? 'dim' : tone },
  ];
}

function channelParts(channel: ChatChannelRow, { lookups }: RowContext, widest: number): Part[] {
  const gateway = lookups.gateways.get(channel.gateway_id ?? '')?.slug;
  const agent = lookups.agents.get(channel.agent_id ?? '')?.slug;
  const place = [gateway, agent].flatMap((slug) => (slug === undefined ? [] : [plain(slug)])).join('/');
  return [
    { text: `   ${fill(channel.platform, 10)}`, tone: 'strong' },
    { text: fill(plain(channel.channel), widest) },
    { text: `  at most ${plain(channel.ceiling)}`, tone: 'dim' },
    { text: place === '' ? '' : `  ${place}` },
  ];
}
