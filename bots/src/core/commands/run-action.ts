import { type Action, readPayload } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import type { CommandContext } from '../../contract/command-context.ts';
import { isTargetField } from '../action-table.ts';
import type { ActResult } from '../api/chat-api.ts';
import type { CardDetails } from '../cards/live-command-cards.ts';
import { clarifyArguments } from '../dispatch/clarify-arguments.ts';
import { showConfirmation } from './show-confirmation.ts';

/** Asks the database for an action, and shows what becomes of it. */
export async function runAction(
  name: string,
  action: Action,
  context: CommandContext,
  shown: CardDetails = {},
): Promise<void> {
  const { delivery, values, services } = context;
  const { gateway, agent, payload: written } = splitValues(action, values);
  let acted: ActResult;
  try {
    const payload = payloadOf(name, action, written);
    acted = await services.api.act(delivery, { action: name, payload, gateway, agent });
  } catch (error) {
    const command = services.registry.byName(name);
    if (command === undefined) throw error;
    return clarifyArguments(error, command, context);
  }
  await showResult(context, acted, shown);
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
export async function showResult(
  context: CommandContext,
  acted: ActResult,
  shown: CardDetails = {},
): Promise<void> {
  if ('confirm' in acted) await showConfirmation(context, acted.confirm);
  else await context.services.cards.show(context, acted.command, shown);
}

function splitValues(
  action: Action,
  values: CommandContext['values'],
): { gateway: string | null; agent: string | null; payload: Readonly<Record<string, string>> } {
  // A workspace action has no target: an agent among its values is one of its payload.
  if (action.target === 'workspace') return { gateway: null, agent: null, payload: values };
  const { gateway = null, agent = null, ...payload } = values;
  const isFilled = Object.keys(action.payload.shape).some((name) => isTargetField(action, { name }));
  return {
    gateway,
    agent,
    payload: isFilled && agent !== null ? { ...payload, agent_slug: agent } : payload,
  };
}
