import type { Command } from '../../contract/command.ts';
import { type ActionTable, actionOf } from '../action-table.ts';
import { by, looking } from './queries/query-defaults.ts';
import { runAction } from './run-action.ts';

const name = 'tail_logs';

/** `logs alpha --tail 50 --grep error`: the catalogue's own action in the words of a shell. */
export function logCommands(actions: ActionTable): Command[] {
  const action = actionOf(actions, name);
  if (action === undefined) return [];
  return [
    {
      ...looking,
      name: 'logs',
      aliases: ['log', 'tail'],
      title: action.title,
      summary: 'Shows the last lines of a gateway’s log.',
      arguments: [
        by('gateway', 'gateway', 'Which gateway, where there are several'),
        by('service', null, 'Which service; the gateway itself where none is named'),
        {
          name: 'tail',
          summary: 'How many lines',
          kind: 'integer',
          required: false,
          completion: null,
          min: 1,
          max: 1000,
        },
        by('grep', null, 'Only lines that hold this'),
      ],
      audience: { action: name },
      private: true,
      rank: 15,
      async run(asked) {
        const { tail, grep, ...rest } = asked.values;
        const values = { ...rest, ...(tail !== undefined && { lines: tail }) };
        await runAction(name, action, { ...asked, values }, grep === undefined ? {} : { grep });
      },
    },
  ];
}
