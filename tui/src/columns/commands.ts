import type { CommandRow } from '@hq/shared/rows';
import { ageOf, plain } from '@hq/shared/text';
import type { Column, Table } from '../table/column.ts';
import { commandOutcome, commandState, commandTime } from './command-state.ts';
import { printedId } from './id.ts';
import { memberName } from './member-name.ts';
import type { RowContext } from './row-context.ts';

type CommandColumn = Column<CommandRow, RowContext>;

/** Returns the agent that a command is for, or else its gateway; empty for the workspace. */
export function targetOf(command: CommandRow, { lookups }: RowContext): string {
  const gateway = lookups.gateways.get(command.gateway_id ?? '')?.slug ?? '';
  return plain(command.agent_slug ?? '') || plain(gateway);
}

const action: CommandColumn = {
  key: 'action',
  header: 'ACTION',
  value: (command) => command.action,
  tone: 'strong',
  width: { min: 18 },
  cutTo: 10,
};
const state: CommandColumn = {
  key: 'state',
  header: 'STATE',
  value: (command) => commandState(command).word,
  tone: (command) => commandState(command).tone,
  width: { min: 10 },
};
const target: CommandColumn = {
  key: 'target',
  header: 'TARGET',
  value: targetOf,
  width: { min: 12, max: 28, flex: 1 },
  dropOrder: 1,
  cutTo: 7,
  placeholder: '–',
};
const asked: CommandColumn = {
  key: 'asked',
  header: 'ASKED',
  value: ({ created_at }, { now }) => ageOf(created_at, now),
  tone: 'dim',
  width: { min: 7 },
  sortKey: ({ created_at }) => Date.parse(created_at),
};
const took: CommandColumn = {
  key: 'took',
  header: 'TOOK',
  align: 'right',
  value: (command, { now }) => commandTime(command, now),
  width: { min: 6 },
  dropOrder: 3,
  sortKey: ({ started_at, completed_at }, { now }) => {
    if (started_at === null) return -1;
    return (completed_at === null ? now : Date.parse(completed_at)) - Date.parse(started_at);
  },
};
const by: CommandColumn = {
  key: 'by',
  header: 'BY',
  value: ({ requested_by }, { member }) => memberName(requested_by, member),
  tone: 'dim',
  width: { min: 10 },
  dropOrder: 5,
  cutTo: 3,
};
const from: CommandColumn = {
  key: 'from',
  header: 'FROM',
  value: ({ origin }) => origin ?? '',
  tone: 'dim',
  width: { min: 8 },
  dropOrder: 6,
};
const outcome: CommandColumn = {
  key: 'outcome',
  header: 'OUTCOME',
  value: commandOutcome,
  tone: ({ status }) => (status === 'failed' ? 'bad' : 'plain'),
  width: { min: 14, flex: 4 },
  dropOrder: 2,
  cutTo: 0,
};

export const commandsTable: Table<CommandRow, RowContext> = {
  id: ({ id }) => id,
  mark: commandState,
  filterText: (command, context) =>
    [
      command.action,
      commandState(command).word,
      targetOf(command, context),
      memberName(command.requested_by, context.member),
      command.origin ?? '',
      command.id,
      commandOutcome(command),
    ].join(' '),
  columns: [action, state, target, asked, took, by, from, outcome],
};

export function printedCommandColumns(isNarrow: boolean): readonly CommandColumn[] {
  return [
    printedId(isNarrow),
    action,
    { ...target, header: 'ON' },
    { ...state, header: 'STATUS' },
    { ...asked, header: 'AGE', align: 'right' },
    took,
    by,
    { ...outcome, tone: 'plain' },
  ];
}
