import { type CommandRow, isFinished } from '@hq/shared/rows';
import type { Button } from '../../contract/card.ts';
import type { ChatLocation } from '../../contract/inbound.ts';
import { type ActionTable, findAction, targetValues } from '../action-table.ts';
import type { Buttons } from './buttons.ts';

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
  if (!isFinished(row)) {
    return row.cancel_requested_at === null ? [offer('Cancel', 'cancel', { command: row.id })] : [];
  }
  const action = findAction(actions, row.action);
  const undo = action?.undo;
  const undone = undo === undefined ? undefined : findAction(actions, undo);
  return [
    ...(row.status === 'done' && undo !== undefined && undone !== undefined
      ? [offer(undone.title, undo, targetValues(undone, { gateway, agent: row.agent_slug }))]
      : []),
    // Runs in a new message, so that this card still shows the failure.
    ...(row.status === 'failed' && action !== undefined
      ? [offer('Retry', 'retry', { command: row.id })]
      : []),
    ...(isLong ? [offer('All output', 'output', { command: row.id })] : []),
  ];
}
