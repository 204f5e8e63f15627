import { type CommandRow, isFinished } from '@hq/shared/rows';
import type { Button, Card } from '../../contract/card.ts';
import type { ChatLocation } from '../../contract/inbound.ts';
import type { ActionTable } from '../action-table.ts';
import type { RowQueries } from '../api/row-queries.ts';
import type { Blockers } from './blockers.ts';
import type { Buttons } from './buttons.ts';
import { commandButtons } from './command-buttons.ts';
import { matchingLines } from './matching-lines.ts';
import { renderCommandCard } from './render-command-card.ts';

export interface CommandViewOptions {
  readonly rows: Pick<RowQueries, 'lastOutput' | 'gatewaySlug'>;
  readonly blockers: Blockers;
  readonly actions: ActionTable;
  readonly buttons: Buttons;
  readonly now: () => number;
}

export interface CommandViewRequest {
  readonly row: CommandRow;
  readonly location: ChatLocation;
  readonly maxText: number;
  readonly askedBy: string | null;
  readonly stamp: string | undefined;
  readonly grep: string | undefined;
}

export type CommandView = ReturnType<typeof createCommandView>;

/** Renders one command for one chat, again and again. Buttons are made anew only when other ones are needed. */
export function createCommandView(options: CommandViewOptions) {
  const { rows, blockers, actions, now } = options;
  let buttons: readonly Button[] = [];
  let buttonsFor = '';

  return async ({ row, location, maxText, askedBy, stamp, grep }: CommandViewRequest): Promise<Card> => {
    const hasOutput = row.status === 'running' || isFinished(row);
    const { gateway_id: id } = row;
    const [output, gateway, blocker] = await Promise.all([
      hasOutput && row.runner_id !== null ? rows.lastOutput(row.id) : '',
      id === null ? null : rows.gatewaySlug(id),
      id === null || row.status !== 'pending' ? null : blockers.find(row.action, { id }),
    ]);
    const isLong = isFinished(row) && output.length > maxText / 2;
    const wanted = `${row.status}${isLong}${row.cancel_requested_at === null}`;
    if (wanted !== buttonsFor) buttons = commandButtons(options, location, row, gateway, isLong);
    buttonsFor = wanted;
    const shown = grep === undefined ? output : matchingLines(output, grep).join('\n');
    return renderCommandCard(actions, {
      row,
      gateway,
      output: shown === '' && grep !== undefined ? `no line contains ${grep}` : shown,
      askedBy,
      stamp,
      blocker,
      buttons,
      now: now(),
      maxText,
    });
  };
}
