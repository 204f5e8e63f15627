import { backoffMs, sleep } from '@hq/shared/program';
import type { Card } from '../../../contract/card.ts';
import type { ChatLocation } from '../../../contract/inbound.ts';
import type { TelegramOutbound } from './outbound.ts';

const maxAttempts = 6;
const retry = { firstMs: 1_000, longestMs: 60_000 };

const migratedGroup: Card = {
  title: 'The id of this group has changed',
  tone: 'warning',
  state: 'no longer bound',
  body: [
    {
      kind: 'text',
      text: 'Telegram has turned it into a supergroup, which ended its binding. An admin of HQ can send ',
    },
    { kind: 'code', text: '/hq bind' },
    { kind: 'text', text: ' here, and ' },
    { kind: 'code', text: '/hq subscribe' },
    { kind: 'text', text: ' to get alerts again.' },
  ],
};

/** Tells a group that became a supergroup that its binding has ended; retries while Telegram does not take it. */
export async function announceMigration(
  outbound: Pick<TelegramOutbound, 'send'>,
  location: ChatLocation,
  isStopped: () => boolean,
): Promise<void> {
  for (let attempt = 1; attempt <= maxAttempts && !isStopped(); attempt += 1) {
    const sent = await outbound.send(location, migratedGroup);
    if (sent.ok || (sent.problem.kind !== 'wait' && sent.problem.kind !== 'away')) return;
    await sleep(sent.problem.kind === 'wait' ? sent.problem.afterMs : backoffMs(attempt, retry));
  }
}
