import { type ActionTable, findAction } from '../action-table.ts';
import { gatewayArgument, integerArgument, textArgument } from './arguments.ts';
import type { Command } from './command.ts';
import { defineCommand } from './define-command.ts';

const name = 'tail_logs';

/** `logs alpha --tail 50 --grep error`: the action `tail_logs` with a shell's options. */
export function logCommands(actions: ActionTable): Command[] {
  const action = findAction(actions, name);
  if (action === undefined) return [];
  const logs = defineCommand({
    name: 'logs',
    aliases: ['log', 'tail'],
    title: action.title,
    summary: 'Shows the last lines of a gateway’s log.',
    arguments: [
      gatewayArgument('Which gateway, where there are several'),
      textArgument('service', 'Which service; the gateway itself where none is named'),
      integerArgument('tail', 'How many lines', 1000),
      textArgument('grep', 'Only lines that contain this'),
    ],
    visibility: { action: name },
    private: true,
    rank: 15,
    async run({ values: { tail, grep, ...rest } }) {
      const values = { ...rest, ...(tail !== undefined && { lines: tail }) };
      return { command: name, values, ...(grep !== undefined && { details: { grep } }) };
    },
  });
  return [logs];
}
