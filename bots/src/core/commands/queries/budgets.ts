import { z } from 'zod';
import { type ActionTable, findAction } from '../../action-table.ts';
import type { Command } from '../command.ts';
import { formatBudget } from './fleet.ts';
import { listCommand } from './list-command.ts';
import { agentArgument, choiceArgument, listAliases, textArgument } from './query-defaults.ts';
import { strong, text } from './show-list.ts';

const usage = z.object({
  agent: z.string().nullable(),
  cost_usd: z.number().nullable(),
  tokens: z.number().nullable(),
  runs: z.number(),
  today_usd: z.number().nullable(),
});
const budget = z.object({
  agent: z.string(),
  limit_usd: z.number().nullable(),
  spent_usd: z.number(),
  status: z.string(),
});

const usageCommand = listCommand({
  name: 'usage',
  aliases: ['cost', 'costs'],
  title: 'Usage',
  summary: 'Shows the cost of the agents this month and today.',
  arguments: [agentArgument],
  private: true,
  rank: 12,
  row: usage,
  extras: (rows) => ({ title: 'Usage this month', state: `${totalOf(rows).toFixed(2)} USD` }),
  line: (row) => [
    strong(row.agent ?? 'no agent'),
    text(
      ` ${(row.cost_usd ?? 0).toFixed(2)} USD, ${(row.today_usd ?? 0).toFixed(2)} today, ${row.tokens ?? 0} tokens, ${row.runs} runs`,
    ),
  ],
  emptyText: 'Nothing was used this month.',
});

const totalOf = (rows: readonly z.output<typeof usage>[]): number =>
  rows.reduce((sum, row) => sum + (row.cost_usd ?? 0), 0);

const budgets = listCommand({
  name: 'budgets',
  aliases: listAliases('budgets'),
  title: 'Budgets',
  summary: 'Lists the monthly budget of each agent and what is spent.',
  arguments: [
    agentArgument,
    choiceArgument('status', 'Only these', ['ok', 'warned', 'exceeded', 'unmetered']),
  ],
  private: true,
  rank: 13,
  row: budget,
  line: (row) => [strong(row.agent), text(` ${formatBudget(row)}`)],
  emptyText: 'No agent has a budget.',
});

const setting = 'set_budget';

/** `budget writer` tells what it may spend, `budget writer 25` sets it: the amount says which is meant. */
export function budgetCommands(actions: ActionTable): Command[] {
  const lists = [usageCommand, budgets];
  if (findAction(actions, setting) === undefined) return lists;
  return [
    ...lists,
    {
      ...budgets,
      name: 'budget',
      aliases: [],
      title: 'A budget',
      summary: 'Shows the monthly budget of an agent; with an amount, sets it.',
      arguments: [
        textArgument('agent', 'agent', 'The agent'),
        { ...textArgument('limit', null, 'US dollars a month, or none'), unit: 'usd' },
      ],
      isTypedOnly: true,
      async run(context) {
        const { agent, limit } = context.values;
        // In a channel that is bound to an agent, the amount alone is enough.
        const isAmount = limit === undefined && agent !== undefined && /^(none|\d+([.,]\d+)?)$/.test(agent);
        if (limit === undefined && !isAmount) return budgets.run(context);
        const values = isAmount
          ? { limit_usd: agent }
          : { ...(agent !== undefined && { agent }), ...(limit !== undefined && { limit_usd: limit }) };
        return { command: setting, values };
      },
    },
  ];
}
