import type { CommandRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { ago } from '../ages.ts';
import { whoAsked } from '../people.ts';
import type { Table } from '../table.ts';
import { commandOutcome, commandState, commandTime } from '../told.ts';
import type { Context } from '../view.ts';

/** What a command is aimed at: the agent where there is one, else the gateway. */
export function targetOf(command: CommandRow, { survey }: Context): string {
  const gateway =
    command.gateway_id === null ? '' : plain(survey.gateways.get(command.gateway_id)?.slug ?? '');
  const agent = plain(command.agent_slug ?? '');
  return agent === '' ? gateway : agent;
}

export const commandsTable: Table<CommandRow, Context> = {
  id: ({ id }) => id,
  mark: commandState,
  text: (command, context) =>
    [
      plain(command.action),
      commandState(command).word,
      targetOf(command, context),
      whoAsked(command.requested_by, context.member),
      command.origin ?? '',
      command.id,
      commandOutcome(command),
    ].join(' '),
  columns: [
    {
      key: 'action',
      title: 'ACTION',
      width: 18,
      giveWay: 0,
      cell: ({ action }) => ({ text: plain(action), tone: 'strong' }),
    },
    {
      key: 'state',
      title: 'STATE',
      width: 10,
      giveWay: 0,
      cell: (command) => ({ text: commandState(command).word, tone: commandState(command).tone }),
    },
    {
      key: 'target',
      title: 'TARGET',
      width: 12,
      grow: 1,
      max: 28,
      giveWay: 1,
      cell: (command, context) => ({ text: targetOf(command, context) }),
    },
    {
      key: 'asked',
      title: 'ASKED',
      width: 7,
      giveWay: 0,
      cell: ({ created_at }, { now }) => ({ text: ago(created_at, now), tone: 'dim' }),
      order: ({ created_at }) => Date.parse(created_at),
    },
    {
      key: 'took',
      title: 'TOOK',
      width: 6,
      giveWay: 3,
      align: 'right',
      cell: (command, { now }) => ({ text: commandTime(command, now) }),
      order: ({ started_at, completed_at }, { now }) =>
        started_at === null
          ? -1
          : (completed_at === null ? now : Date.parse(completed_at)) - Date.parse(started_at),
    },
    {
      key: 'by',
      title: 'BY',
      width: 10,
      giveWay: 5,
      cell: ({ requested_by }, { member }) => ({ text: whoAsked(requested_by, member), tone: 'dim' }),
    },
    {
      key: 'from',
      title: 'FROM',
      width: 8,
      giveWay: 6,
      cell: ({ origin }) => ({ text: plain(origin ?? ''), tone: 'dim' }),
    },
    {
      key: 'outcome',
      title: 'OUTCOME',
      width: 14,
      grow: 4,
      giveWay: 2,
      cell: (command) => ({
        text: commandOutcome(command),
        tone: command.status === 'failed' ? 'bad' : 'plain',
      }),
    },
  ],
};
