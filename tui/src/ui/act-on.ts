import type { ActionName } from '@hq/shared/actions';
import type { GatewayRow } from '@hq/shared/rows';
import type { Intent } from '../keymap/bindings.ts';
import type { Acting } from './acting.ts';
import type { ChatDeeds } from './chat-deeds.ts';
import type { Inside } from './inside.ts';
import type { Messages } from './messages.ts';
import type { Place } from './place.ts';
import type { SecretDeeds } from './secret-deeds.ts';

/** Carries out what a key intends that changes something outside the screens. */
export function actOn(
  intent: Intent,
  place: Place,
  hands: { inside: Inside; acting: Acting; secrets: SecretDeeds; chat: ChatDeeds; messages: Messages },
): void {
  const { inside, acting, secrets, chat, messages } = hands;
  const secret = inside.secret();
  const gateway = inside.gateway();
  const { lookups } = inside.context();
  const open = (gateway === null ? null : lookups.openCommandsOf.get(gateway.id)) ?? [];
  const command = place.screen === 'command' ? inside.command() : inside.commands.selected;
  if (intent === 'undo') {
    const undo = messages.current?.undo;
    if (undo) acting.undo(undo);
    else messages.say('There is nothing to take back.');
  } else if (intent === 'acknowledge' || intent === 'dismiss') {
    const alert = inside.alerts.selected;
    if (alert !== null) acting.settle(alert.id, intent);
  } else if (intent === 'add-secret') {
    secrets.add(gateway, inside.agent());
  } else if (intent === 'rotate-secret') {
    if (secret !== null) secrets.rotate(secret);
  } else if (intent === 'note-secret') {
    if (secret !== null) secrets.note(secret);
  } else if (intent === 'delete-secret') {
    if (secret !== null) secrets.delete(secret);
  } else if (intent === 'link-chat') {
    chat.link();
  } else if (intent === 'revoke-link') {
    const link = inside.chatLinks.selected;
    if (link !== null) chat.revoke(link);
  } else if (intent === 'cancel') {
    if (command !== null) acting.cancel(command);
  } else if (intent === 'again') {
    if (command !== null) acting.again(command, lookups.gateways.get(command.gateway_id ?? '') ?? null, open);
  } else if (gateway === null) {
    messages.say('No gateway is selected.', 'warn');
  } else {
    const action = actionOf(intent, gateway);
    if (action !== null) acting.order({ action, payload: {}, gateway }, open);
  }
}

function actionOf(intent: Intent, gateway: GatewayRow): ActionName | null {
  switch (intent) {
    case 'restart':
      return 'restart_gateway';
    case 'restart-dispatcher':
      return 'restart_dispatcher';
    case 'logs':
      return 'tail_logs';
    case 'status':
      return 'stack_status';
    case 'pause':
      return gateway.status === 'paused' ? 'resume_gateway' : 'pause_gateway';
    default:
      return null;
  }
}
