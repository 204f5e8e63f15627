import { type Action, readPayload } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import { isTarget } from './action-table.ts';
import { askForArgument } from './ask-for.ts';
import type { Asked } from './asked.ts';
import type { Acted } from './chat-hq.ts';
import type { ShownAs } from './command-cards.ts';
import { showConfirmation } from './confirmation.ts';
import { usageOf } from './usage.ts';

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
    const payload = readPayload(name, action, written);
    acted = await house.hq.act(said, { action: name, payload, gateway, agent });
  } catch (error) {
    const command = house.vocabulary.byName(name);
    const argument = command?.arguments.find(
      (one) => error instanceof HqError && error.code === 'usage' && one.name === error.field,
    );
    if (command === undefined || argument === undefined || !(error instanceof HqError)) throw error;
    // Which of several is asked for; what was said wrongly is told.
    if (values[argument.name] !== undefined) {
      throw new HqError('usage', `${argument.name}: ${error.message}`, {
        field: argument.name,
        hint: usageOf(command),
        cause: error,
      });
    }
    await askForArgument(asked, command, argument);
    return;
  }
  await showActed(asked, acted, shown);
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
