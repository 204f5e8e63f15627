import type { Button, Card } from '../../contract/card.ts';
import { findAction } from '../action-table.ts';
import type { Confirmation } from '../api/chat-api.ts';
import type { Blocker } from '../cards/blockers.ts';
import type { CommandContext, Services } from './command.ts';

/** Asks whether it is meant. The database keeps what was asked for, and takes one yes for it, from whom it says. */
export async function showConfirmation(context: CommandContext, confirmation: Confirmation): Promise<void> {
  const { delivery, services } = context;
  const { sender } = delivery;
  const { token, kind, expected, prompt, asked_by, expires_at } = confirmation;
  const seconds = Math.max(1, Math.ceil((Date.parse(expires_at) - services.now()) / 1000));
  const capabilities = services.capabilities(sender.platform);
  const isTyped = kind === 'typed';
  // Whose press counts is the database's to say: for a second person it is anybody's but theirs.
  const user = kind === 'second' ? null : sender.user;
  const offer = (label: string, command: string, style: Button['style']): Button =>
    services.buttons.offer(sender, {
      label,
      style,
      intent: { command, values: { token }, ...(command === 'confirm_typed' && { form: true }) },
      user,
      seconds,
    });
  const blocker = await obstacleTo(confirmation, services);
  const isAsked = isTyped && !capabilities.forms;
  if (isAsked) services.prompts.put(sender, { command: 'confirm_typed', values: { token }, field: 'typed' });
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
      ...(blocker === null ? [] : [{ kind: 'text' as const, text: `${blocker.warning}\n` }]),
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
  const handle = await context.responder.replace(card);
  if (handle === null) return;
  services.expiringCards.put(context.delivery.sender, handle, seconds * 1000, {
    ...card,
    tone: 'neutral',
    state: 'expired, nothing was done',
    body: [],
    buttons: [],
    footer: 'Send the request again if you still need it.',
  });
}

/** Who is asked knows what becomes of a yes. */
async function obstacleTo({ action, target }: Confirmation, services: Services): Promise<Blocker | null> {
  const isForGateway = action && target && findAction(services.actions, action)?.target === 'gateway';
  return isForGateway ? services.blockers.find(action, { slug: target }) : null;
}
