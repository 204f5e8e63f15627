import { type CommandRow, isFinished } from '@hq/shared/rows';
import { z } from 'zod';
import type { Button } from '../../contract/card.ts';
import type { ChatLocation } from '../../contract/inbound.ts';
import { type ActionTable, findAction, targetValues } from '../action-table.ts';
import type { Buttons } from './buttons.ts';

const rowResult = z.object({ id: z.string() });

/** The buttons of a command's card in its present state. */
export function commandButtons(
  { actions, buttons }: { readonly actions: ActionTable; readonly buttons: Buttons },
  location: ChatLocation,
  row: CommandRow,
  gateway: string | null,
  isLong: boolean,
): Button[] {
  const offer = (label: string, command: string, values: Record<string, string>): Button =>
    buttons.offer(location, { label, intent: { command, values }, user: null });
  /** Runs in a new message: this card still says what was done, and by whom. */
  const next = (label: string, run: string, values: Record<string, string>): Button =>
    offer(label, 'next', { ...values, run });
  if (!isFinished(row)) {
    return row.cancel_requested_at === null ? [offer('Cancel', 'cancel', { command: row.id })] : [];
  }
  const action = findAction(actions, row.action);
  const undo = action?.undo;
  const id = rowResult.safeParse(row.result).data?.id;
  const undone = undo === undefined ? undefined : findAction(actions, undo);
  return [
    ...(row.status === 'done' && undo !== undefined && undone !== undefined
      ? [next(undone.title, undo, targetValues(undone, { gateway, agent: row.agent_slug }))]
      : []),
    ...(row.status === 'done' && action?.about !== undefined && id !== undefined
      ? [next(`Open ${action.about}`, action.about, { [action.about]: id })]
      : []),
    // Runs in a new message, so that this card still shows the failure.
    ...(row.status === 'failed' && action !== undefined
      ? [offer('Retry', 'retry', { command: row.id })]
      : []),
    ...(row.status === 'failed' && action?.executor === 'runner' && gateway !== null
      ? [offer('Open logs', 'logs_of', { gateway })]
      : []),
    ...(isLong ? [offer('All output', 'output', { command: row.id })] : []),
  ];
}
