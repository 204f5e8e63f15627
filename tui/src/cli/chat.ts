import { HqError } from '@hq/shared/errors';
import {
  issueChatCode,
  readAgents,
  readChatBots,
  readChatChannels,
  readChatLinks,
  readGateways,
  revokeChatLink,
} from '@hq/shared/queries';
import { printedChatBotColumns } from '../columns/chat-bots.ts';
import { printedChatChannelColumns } from '../columns/chat-channels.ts';
import { printedChatLinkColumns } from '../columns/chat-links.ts';
import { linkingSteps } from '../ui/linking-steps.ts';
import { chatBotShape, chatChannelShape, chatLinkShape } from './chat-shapes.ts';
import type { Console } from './console.ts';
import { enter } from './enter.ts';
import { document } from './lists.ts';
import { printTable, rowContext, tableWidth } from './print-table.ts';
import { refuseWhenReadonly } from './readonly.ts';
import { namesOf } from './shapes.ts';

interface ListOptions {
  readonly json: boolean;
  readonly wide: boolean;
  readonly all: boolean;
}

const idStart = /^[0-9a-f][0-9a-f-]{3,35}$/;

export async function giveCode(
  console: Console,
  options: { readonly json: boolean },
  isReadonly: boolean,
): Promise<void> {
  refuseWhenReadonly(isReadonly);
  const { client } = await enter(console.env);
  const { code, expires_at } = await issueChatCode(client);
  if (options.json) {
    console.printJson({ code, expiresAt: expires_at });
    return;
  }
  for (const step of linkingSteps(code, Date.parse(expires_at) - client.clock.now())) console.say(step);
  console.print(code);
}

export async function listLinks(console: Console, options: ListOptions): Promise<void> {
  const entered = await enter(console.env);
  const { client } = entered;
  const links = await readChatLinks(client, options.all);
  if (options.json) {
    console.printJson(document(client, { links: links.map(chatLinkShape) }));
    return;
  }
  const columns = printedChatLinkColumns(tableWidth(console, options) !== null);
  printTable(
    console,
    options,
    links,
    columns,
    rowContext(entered),
    'No chat account is linked. `hq-tui chat code` begins it.',
  );
}

export async function revokeLink(
  console: Console,
  text: string,
  options: { readonly json: boolean },
  isReadonly: boolean,
): Promise<void> {
  refuseWhenReadonly(isReadonly);
  const wanted = text.toLowerCase();
  if (!idStart.test(wanted)) {
    throw new HqError('usage', 'That is no id of a link.', {
      hint: 'Give the id or its first 4 characters or more, as `hq-tui chat links` shows it.',
    });
  }
  const { client } = await enter(console.env);
  const [found, other] = (await readChatLinks(client)).filter(({ id }) => id.startsWith(wanted));
  if (found === undefined) {
    throw new HqError('not_found', `No link begins with ${wanted}.`, {
      hint: '`hq-tui chat links` lists them.',
    });
  }
  if (other !== undefined) {
    throw new HqError('usage', `Several links begin with ${wanted}.`, { hint: 'Give more of the id.' });
  }
  const link = await revokeChatLink(client, found.id);
  if (options.json) console.printJson({ link: chatLinkShape(link) });
  else console.print(`${link.id} revoked`);
}

export async function listChannels(console: Console, options: ListOptions): Promise<void> {
  const entered = await enter(console.env);
  const { client } = entered;
  const [channels, gateways, agents] = await Promise.all([
    readChatChannels(client),
    readGateways(client),
    readAgents(client),
  ]);
  const names = { gateways: namesOf(gateways), agents: namesOf(agents) };
  if (options.json) {
    const shapes = channels.map((row) => chatChannelShape(row, names));
    console.printJson(document(client, { channels: shapes }));
    return;
  }
  const context = rowContext(entered, gateways, agents);
  printTable(
    console,
    options,
    channels,
    printedChatChannelColumns,
    context,
    'No channel is bound. An admin writes `/hq bind` in one.',
  );
}

export async function listBots(console: Console, options: ListOptions): Promise<void> {
  const entered = await enter(console.env);
  const bots = await readChatBots(entered.client);
  const context = rowContext(entered);
  if (options.json) {
    console.printJson(document(entered.client, { bots: bots.map((row) => chatBotShape(row, context.now)) }));
    return;
  }
  printTable(console, options, bots, printedChatBotColumns, context, 'No bot has told of itself yet.');
}
