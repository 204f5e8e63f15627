import { utcTime } from '@hq/shared/text';
import type { Button, Card, Handle } from '../../contract/card.ts';
import { findAction } from '../action-table.ts';
import type { Confirmation } from '../api/chat-api.ts';
import type { Blocker } from '../cards/blockers.ts';
import { code, newLine, text } from '../cards/card-parts.ts';
import type { CommandContext, Services } from './command.ts';

const isSecond = (kind: Confirmation['kind']): boolean => kind === 'second';

/** Asks for a confirmation. The database keeps the request, and decides whose answer counts and that it counts once. */
export async function showConfirmation(context: CommandContext, confirmation: Confirmation): Promise<void> {
  const { delivery, services, responder } = context;
  const { sender } = delivery;
  const { token, kind, expected, prompt, action: name, asked_by, expires_at } = confirmation;
  const action = name ? findAction(services.actions, name) : undefined;
  const effect = action?.consequence ?? action?.summary;
  // A private question does not show who requested it.
  const isNamed = isSecond(kind) || (sender.kind === 'group' && !responder.isPrivate);
  const seconds = Math.max(1, Math.ceil((Date.parse(expires_at) - services.now()) / 1000));
  const isPrompt = kind === 'typed' && !services.capabilities(sender.platform).forms;
  const blocker = await blockerOf(confirmation, services);
  const card: Card = {
    title: prompt,
    tone: 'warning',
    state: isSecond(kind) ? 'waits for a second person' : 'not done yet',
    body: [
      ...(effect === undefined ? [] : [text(effect)]),
      ...(blocker === null ? [] : [newLine, text(blocker.warning)]),
      ...(kind === 'typed'
        ? [newLine, text(`To go on, ${isPrompt ? 'reply with' : 'type'} `), code(expected ?? '')]
        : []),
    ],
    buttons: confirmationButtons(context, confirmation, seconds, isPrompt),
    footer: `${isNamed ? `Requested by ${asked_by ?? 'a member without an address'}. ` : ''}Expires at ${utcTime(expires_at)}.`,
    ...(isPrompt && { question: { placeholder: expected ?? 'the name' } }),
  };
  const send = (): Promise<Handle | null> => responder.replace(card);
  const answer = {
    command: 'confirm_typed',
    values: { token },
    field: 'typed',
    takesWords: true,
    title: prompt,
    leave: { command: 'decline', values: { token } },
  };
  const handle = await (isPrompt ? services.prompts.ask(sender, answer, send) : send());
  if (handle === null) return;
  services.expiringCards.put(sender, handle, { token, title: prompt, expiresAt: expires_at });
}

/** A prompt has no button to confirm: the reply with the name confirms it. */
function confirmationButtons(
  { delivery: { sender }, services }: CommandContext,
  { token, kind }: Confirmation,
  seconds: number,
  isPrompt: boolean,
): Button[] {
  const isTyped = kind === 'typed';
  const offer = (label: string, command: string, style: Button['style'], form = false): Button =>
    services.buttons.offer(sender, {
      label,
      style,
      intent: { command, values: { token }, ...(form && { form }) },
      // Any second person may press, so the database decides whose press counts.
      user: isSecond(kind) ? null : sender.user,
      seconds,
    });
  const confirm = isTyped
    ? offer('Type the name', 'confirm_typed', 'danger', true)
    : offer(isSecond(kind) ? 'Approve' : 'Confirm', 'confirm', 'danger');
  const decline = offer(isSecond(kind) ? 'Refuse' : 'Cancel', 'decline', 'plain');
  return isPrompt ? [decline] : [confirm, decline];
}

async function blockerOf({ action, target }: Confirmation, services: Services): Promise<Blocker | null> {
  const isForGateway = action && target && findAction(services.actions, action)?.target === 'gateway';
  return isForGateway ? services.blockers.find(action, { slug: target }) : null;
}
