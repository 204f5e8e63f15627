import { setTimeout as pause } from 'node:timers/promises';
import type { Card } from '../../../contract/card.ts';
import type { ChatLocation } from '../../../contract/inbound.ts';
import type { TelegramOutbound } from './outbound.ts';

const mostTries = 6;

/** What a group has to know when it has become a supergroup, and with that another chat. */
const movedGroup: Card = {
  title: 'This group has another id now',
  tone: 'warning',
  state: 'not bound any more',
  body: [
    {
      kind: 'text',
      text: 'Telegram has made a supergroup of it. What it was bound to ended with its old id: an admin of HQ says ',
    },
    { kind: 'code', text: '/hq bind' },
    { kind: 'text', text: ' here, and ' },
    { kind: 'code', text: '/hq subscribe' },
    { kind: 'text', text: ' where alerts are to come again.' },
  ],
};

/** Says it there, as soon as Telegram takes it. */
export async function announceMigration(
  sender: Pick<TelegramOutbound, 'send'>,
  location: ChatLocation,
  isStopped: () => boolean,
): Promise<void> {
  for (let tries = 0; tries < mostTries && !isStopped(); tries += 1) {
    const sent = await sender.send(location, movedGroup);
    if (sent.ok || (sent.problem.kind !== 'wait' && sent.problem.kind !== 'away')) return;
    await pause(sent.problem.kind === 'wait' ? sent.problem.afterMs : 1_000 * 2 ** tries);
  }
}
