import { chatBotState } from '@hq/shared/fleet';
import type { ChatBotRow } from '@hq/shared/rows';
import { ageOf } from '@hq/shared/text';
import type { Column } from '../table/column.ts';
import type { Mark, Tone } from '../theme/theme.ts';
import type { StateLabel } from './command-state.ts';
import type { RowContext } from './row-context.ts';

const looks: Readonly<Record<string, { readonly mark: Mark; readonly tone: Tone }>> = {
  connected: { mark: 'good', tone: 'good' },
  starting: { mark: 'busy', tone: 'busy' },
  reconnecting: { mark: 'busy', tone: 'busy' },
  stopped: { mark: 'off', tone: 'off' },
};
const failing = { mark: 'bad', tone: 'bad' } as const;

export function chatBotLabel(bot: ChatBotRow, now: number): StateLabel {
  const word = chatBotState(bot, now);
  return { word, ...(looks[word] ?? failing) };
}

export const printedChatBotColumns: readonly Column<ChatBotRow, RowContext>[] = [
  { key: 'platform', header: 'PLATFORM', value: ({ platform }) => platform },
  {
    key: 'state',
    header: 'STATE',
    value: (bot, { now }) => chatBotState(bot, now),
    tone: (bot, { now }) => chatBotLabel(bot, now).tone,
  },
  { key: 'since', header: 'SINCE', value: (bot, { now }) => ageOf(bot.state_since, now), align: 'right' },
  {
    key: 'received',
    header: 'HEARD',
    value: (bot, { now }) => ageOf(bot.last_inbound_at, now),
    align: 'right',
  },
  { key: 'sent', header: 'SAID', value: (bot, { now }) => ageOf(bot.last_outbound_at, now), align: 'right' },
  { key: 'install', header: 'INSTALL', value: ({ install }) => install ?? '', cutTo: 6, placeholder: '–' },
  { key: 'detail', header: 'DETAIL', value: ({ detail }) => detail ?? '', cutTo: 10 },
];
