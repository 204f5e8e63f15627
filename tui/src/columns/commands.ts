import { runTimeMs } from '@hq/shared/fleet';
import type { CommandRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import type { Column, Table } from '../table/column.ts';
import { ageColumn, column, stateColumn } from './column-kinds.ts';
import { commandOutcome, commandState, commandTime } from './command-state.ts';
import { slugIn } from './lookups.ts';
import { memberName } from './member-name.ts';
import type { RowContext } from './row-context.ts';
import { printedId } from './short-id.ts';

/** Returns the agent that a command is for, or else its gateway; empty for the workspace. */
export function targetOf(command: CommandRow, { lookups }: RowContext): string {
  return plain(command.agent_slug ?? '') || plain(slugIn(lookups.gateways, command.gateway_id) ?? '');
}

const action = column<CommandRow>('ACTION', (command) => command.action, {
  tone: 'strong',
  width: { min: 18 },
  cutTo: 10,
});
const state = stateColumn(commandState, { width: { min: 10 } });
const target = column('TARGET', targetOf, {
  width: { min: 12, max: 28, flex: 1 },
  dropOrder: 1,
  cutTo: 7,
  placeholder: '–',
});
const asked = ageColumn<CommandRow>('ASKED', (command) => command.created_at, { width: { min: 7 } });
const took = column<CommandRow>('TOOK', (command, { now }) => commandTime(command, now), {
  align: 'right',
  width: { min: 6 },
  dropOrder: 3,
  sortKey: (command, { now }) => runTimeMs(command, now) ?? -1,
});
const by = column<CommandRow>('BY', ({ requested_by }, { member }) => memberName(requested_by, member), {
  tone: 'dim',
  width: { min: 10 },
  dropOrder: 5,
  cutTo: 3,
});
const from = column<CommandRow>('FROM', ({ origin }) => origin, {
  tone: 'dim',
  width: { min: 8 },
  dropOrder: 6,
});
const outcome = column('OUTCOME', commandOutcome, {
  tone: ({ status }) => (status === 'failed' ? 'bad' : 'plain'),
  width: { min: 14, flex: 4 },
  dropOrder: 2,
  cutTo: 0,
});

export const commandsTable: Table<CommandRow, RowContext> = {
  mark: commandState,
  searched: (command, context) => [
    command.action,
    commandState(command).word,
    targetOf(command, context),
    memberName(command.requested_by, context.member),
    command.origin,
    command.id,
    commandOutcome(command),
  ],
  columns: [action, state, target, asked, took, by, from, outcome],
};

export function printedCommandColumns(
  rows: readonly CommandRow[],
  isNarrow: boolean,
): readonly Column<CommandRow, RowContext>[] {
  return [
    printedId(rows, isNarrow),
    action,
    { ...target, header: 'ON' },
    { ...state, header: 'STATUS' },
    { ...asked, header: 'AGE', align: 'right' },
    took,
    by,
    { ...outcome, tone: 'plain' },
  ];
}
