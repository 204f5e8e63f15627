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
  readonly stamp: string | undefined;
  readonly grep: string | undefined;
}

/** Renders one command for one chat, again and again. Buttons are made anew only when other ones are needed. */
export class CommandView {
  readonly #options: CommandViewOptions;
  #buttons: readonly Button[] = [];
  #buttonsFor = '';

  constructor(options: CommandViewOptions) {
    this.#options = options;
  }

  async render({ row, location, maxText, stamp, grep }: CommandViewRequest): Promise<Card> {
    const { rows, blockers, actions, now } = this.#options;
    const hasOutput = row.status === 'running' || isFinished(row);
    const { gateway_id: id } = row;
    const [output, gateway, blocker] = await Promise.all([
      hasOutput && row.runner_id !== null ? rows.lastOutput(row.id) : '',
      id === null ? null : rows.gatewaySlug(id),
      id === null || row.status !== 'pending' ? null : blockers.find(row.action, { id }),
    ]);
    return renderCommandCard(actions, {
      row,
      gateway,
      output: grep === undefined ? output : onlyMatching(output, grep),
      stamp,
      blocker,
      buttons: this.#buttonsOf(row, location, gateway, isFinished(row) && output.length > maxText / 2),
      now: now(),
      maxText,
    });
  }

  #buttonsOf(
    row: CommandRow,
    location: ChatLocation,
    gateway: string | null,
    isLong: boolean,
  ): readonly Button[] {
    const buttonsFor = `${row.status}${isLong}${row.cancel_requested_at === null}`;
    if (buttonsFor !== this.#buttonsFor) {
      this.#buttonsFor = buttonsFor;
      this.#buttons = commandButtons(this.#options, location, row, gateway, isLong);
    }
    return this.#buttons;
  }
}

function onlyMatching(output: string, text: string): string {
  const lines = matchingLines(output, text);
  return lines.length === 0 ? `no line contains ${text}` : lines.join('\n');
}
