import { type Action, readPayload } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import type { ArgumentValues } from '../../contract/command.ts';
import { isTargetField } from '../action-table.ts';
import type { ActResult } from '../api/chat-api.ts';
import type { CardDetails } from '../cards/live-command-cards.ts';
import { quote } from '../parse/quote.ts';
import type { CommandContext } from './command.ts';
import { showConfirmation } from './show-confirmation.ts';

/** Requests an action of the catalogue and shows the command's card, or the confirmation that it needs. */
export async function runAction(name: string, action: Action, context: CommandContext): Promise<undefined> {
  const { delivery, values, services, details } = context;
  const { payload, ...target } = splitValues(action, values);
  const request = { p_action: name, p_payload: parsePayload(name, action, payload), ...target };
  const result = await services.api.act(delivery, request);
  await showResult(context, result, details);
}

/** Parses the payload by the catalogue's schema; an error quotes the value as it was written. */
function parsePayload(name: string, action: Action, written: ArgumentValues): Record<string, unknown> {
  try {
    return readPayload(name, action, written);
  } catch (error) {
    const field = error instanceof HqError ? error.field : undefined;
    const value = field === undefined ? undefined : written[field];
    if (!(error instanceof HqError) || field === undefined || value === undefined) throw error;
    throw new HqError('usage', `${field} cannot be ${quote(value)}.`, {
      field,
      hint: error.message,
      cause: error,
    });
  }
}

export async function showResult(
  context: CommandContext,
  result: ActResult,
  details?: CardDetails,
): Promise<undefined> {
  if ('confirm' in result) await showConfirmation(context, result.confirm);
  else {
    const askedBy = result.asked_by ?? result.decided?.asked_by ?? null;
    await context.services.cards.show(context.responder, result.command, { askedBy, ...details });
  }
}

function splitValues(
  action: Action,
  values: ArgumentValues,
): { p_gateway: string | null; p_agent: string | null; payload: ArgumentValues } {
  // A workspace action has no target: an agent among its values belongs to the payload.
  if (action.target === 'workspace') return { p_gateway: null, p_agent: null, payload: values };
  const { gateway: p_gateway = null, agent = null, ...payload } = values;
  const hasTargetField = Object.keys(action.payload.shape).some((name) => isTargetField(action, { name }));
  return {
    p_gateway,
    p_agent: agent,
    payload: hasTargetField && agent !== null ? { ...payload, agent_slug: agent } : payload,
  };
}
