import { type Action, readPayload } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import type { Asked } from '../../contract/command-context.ts';
import { isTarget } from '../action-table.ts';
import type { Acted } from '../api/chat-api.ts';
import type { ShownAs } from '../cards/live-command-cards.ts';
import { askWhatWasMeant } from '../dispatch/clarify-arguments.ts';
import { showConfirmation } from './show-confirmation.ts';

/** Asks the database for an action, and shows what becomes of it. */
export async function runAction(
  name: string,
  action: Action,
  asked: Asked,
  shown: ShownAs = {},
): Promise<void> {
  const { said, values, house } = asked;
  const { gateway, agent, payload: written } = takeApart(action, values);
  let acted: Acted;
  try {
    const payload = payloadOf(name, action, written);
    acted = await house.hq.act(said, { action: name, payload, gateway, agent });
  } catch (error) {
    const command = house.vocabulary.byName(name);
    if (command === undefined) throw error;
    return askWhatWasMeant(error, command, asked);
  }
  await showActed(asked, acted, shown);
}

/** As the catalogue reads it; what it does not take is told in the words of whoever wrote it. */
function payloadOf(
  name: string,
  action: Action,
  written: Readonly<Record<string, string>>,
): Record<string, unknown> {
  try {
    return readPayload(name, action, written);
  } catch (error) {
    const field = error instanceof HqError ? error.field : undefined;
    const value = field === undefined ? undefined : written[field];
    if (!(error instanceof HqError) || field === undefined || value === undefined) throw error;
    throw new HqError('usage', `${field} cannot be “${value.slice(0, 60)}”.`, {
      field,
      hint: error.message,
      cause: error,
    });
  }
}

/** Shows the row's card, or asks whether it is meant. */
export async function showActed(asked: Asked, acted: Acted, shown: ShownAs = {}): Promise<void> {
  if ('confirm' in acted) await showConfirmation(asked, acted.confirm);
  else await asked.house.cards.show(asked, acted.command, shown);
}

function takeApart(
  action: Action,
  values: Asked['values'],
): { gateway: string | null; agent: string | null; payload: Readonly<Record<string, string>> } {
  // A workspace action has no target: an agent among its values is one of its payload.
  if (action.target === 'workspace') return { gateway: null, agent: null, payload: values };
  const { gateway = null, agent = null, ...payload } = values;
  const isFilled = Object.keys(action.payload.shape).some((name) => isTarget(action, { name }));
  return {
    gateway,
    agent,
    payload: isFilled && agent !== null ? { ...payload, agent_slug: agent } : payload,
  };
}
