import type { Button, Card } from '../../contract/card.ts';
import type { Asked, House } from '../../contract/command-context.ts';
import { actionOf } from '../action-table.ts';
import type { Confirmation } from '../api/chat-api.ts';
import type { Obstacle } from '../cards/blockers.ts';

/** Asks whether it is meant. The database keeps what was asked for, and takes one yes for it, from whom it says. */
export async function showConfirmation(asked: Asked, confirmation: Confirmation): Promise<void> {
  const { said, house } = asked;
  const { speaker } = said;
  const { token, kind, expected, prompt, asked_by, expires_at } = confirmation;
  const seconds = Math.max(1, Math.ceil((Date.parse(expires_at) - house.now()) / 1000));
  const capabilities = house.capabilities(speaker.platform);
  const isTyped = kind === 'typed';
  // Whose press counts is the database's to say: for a second person it is anybody's but theirs.
  const user = kind === 'second' ? null : speaker.user;
  const offer = (label: string, command: string, style: Button['style']): Button =>
    house.buttons.offer(speaker, {
      label,
      style,
      intent: { command, values: { token }, ...(command === 'confirm_typed' && { form: true }) },
      user,
      seconds,
    });
  const obstacle = await obstacleTo(confirmation, house);
  const isAsked = isTyped && !capabilities.forms;
  if (isAsked) house.questions.put(speaker, { command: 'confirm_typed', values: { token }, field: 'typed' });
  const buttons = [
    ...(isAsked
      ? []
      : [
          offer(
            isTyped ? 'Type the name' : kind === 'second' ? 'Approve' : 'Confirm',
            isTyped ? 'confirm_typed' : 'confirm',
            'danger',
          ),
        ]),
    offer(kind === 'second' ? 'Refuse' : 'Cancel', 'decline', 'plain'),
  ];
  const card: Card = {
    title: prompt,
    tone: 'warning',
    state: kind === 'second' ? 'waits for a second person' : 'not done yet',
    body: [
      ...(obstacle === null ? [] : [{ kind: 'text' as const, text: `${obstacle.warning}\n` }]),
      ...(isTyped
        ? [
            { kind: 'text' as const, text: isAsked ? 'To go on, reply with ' : 'To go on, type ' },
            { kind: 'code' as const, text: expected ?? '' },
          ]
        : []),
    ],
    buttons,
    // Where a command is not seen by others, neither is who gave it.
    footer: `${kind === 'second' ? `Asked for by ${asked_by ?? 'somebody'}. ` : ''}Expires in ${Math.ceil(seconds / 60)} min.`,
    ...(isAsked && { question: { placeholder: expected ?? 'the name' } }),
  };
  const handle = await asked.replace(card);
  if (handle === null) return;
  house.expiring.put(asked.said.speaker, handle, seconds * 1000, {
    ...card,
    tone: 'neutral',
    state: 'expired, nothing was done',
    body: [],
    buttons: [],
    footer: 'Say it again to be asked again.',
  });
}

/** Who is asked knows what becomes of a yes. */
async function obstacleTo({ action, target }: Confirmation, house: House): Promise<Obstacle | null> {
  const isForGateway = action && target && actionOf(house.actions, action)?.target === 'gateway';
  return isForGateway ? house.obstacles.of(action, { slug: target }) : null;
}
