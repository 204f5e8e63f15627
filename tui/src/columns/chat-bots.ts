import { chatBotState } from '@hq/shared/fleet';
import type { ChatBotRow } from '@hq/shared/rows';
import type { Mark, Tone } from '../theme/theme.ts';
import { ageColumn, column, stateColumn } from './column-kinds.ts';
import type { StateLabel } from './command-state.ts';

const looks: Readonly<Record<string, { readonly mark: Mark; readonly tone: Tone }>> = {
  connected: { mark: 'good', tone: 'good' },
  starting: { mark: 'busy', tone: 'busy' },
  reconnecting: { mark: 'busy', tone: 'busy' },
  stopped: { mark: 'off', tone: 'off' },
};
const printed = { align: 'right' } as const;
const failing = { mark: 'bad', tone: 'bad' } as const;

export function chatBotLabel(bot: ChatBotRow, now: number): StateLabel {
  const word = chatBotState(bot, now);
  return { word, ...(looks[word] ?? failing) };
}

export const printedChatBotColumns = [
  column<ChatBotRow>('PLATFORM', ({ platform }) => platform),
  stateColumn<ChatBotRow>((bot, { now }) => chatBotLabel(bot, now)),
  ageColumn<ChatBotRow>('SINCE', (bot) => bot.state_since, printed),
  ageColumn<ChatBotRow>('HEARD', (bot) => bot.last_inbound_at, printed),
  ageColumn<ChatBotRow>('SAID', (bot) => bot.last_outbound_at, printed),
  column<ChatBotRow>('INSTALL', ({ install }) => install, { cutTo: 6, placeholder: '–' }),
  column<ChatBotRow>('DETAIL', ({ detail }) => detail, { cutTo: 10 }),
];
