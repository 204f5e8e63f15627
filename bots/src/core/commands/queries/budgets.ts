import { z } from 'zod';
import { type ActionTable, findAction } from '../../action-table.ts';
import { strong } from '../../cards/card-parts.ts';
import { agentArgument, statusArgument, textArgument } from '../arguments.ts';
import type { Command } from '../command.ts';
import { listCommand } from './list-command.ts';

const usage = z.object({
  agent: z.string().nullable(),
  cost_usd: z.number().nullable(),
  tokens: z.number().nullable(),
  runs: z.number(),
  today_usd: z.number().nullable(),
});
export const budget = z.object({
  limit_usd: z.number().nullable(),
  spent_usd: z.number(),
  status: z.string(),
});

const usageCommand = listCommand({
  name: 'usage',
  aliases: ['cost', 'costs'],
  title: 'Usage',
  summary: 'Shows the cost of the agents this month and today.',
  arguments: [agentArgument()],
  private: true,
  rank: 12,
  row: usage,
  extras: (rows) => ({
    title: 'Usage this month',
    state: `${rows.reduce((sum, { cost_usd }) => sum + (cost_usd ?? 0), 0).toFixed(2)} USD`,
  }),
  entry: ({ agent, cost_usd, today_usd, tokens, runs }) => [
    strong(agent ?? 'no agent'),
    `${(cost_usd ?? 0).toFixed(2)} USD`,
    `${(today_usd ?? 0).toFixed(2)} today`,
    `${tokens ?? 0} tokens`,
    `${runs} runs`,
  ],
  emptyText: 'Nothing was used this month.',
});

const budgets = listCommand({
  name: 'budgets',
  title: 'Budgets',
  summary: 'Lists the monthly budget of each agent and what is spent.',
  arguments: [agentArgument(), statusArgument('ok', 'warned', 'exceeded', 'unmetered')],
  private: true,
  rank: 13,
  row: budget.extend({ agent: z.string() }),
  entry: (row) => [strong(row.agent), formatBudget(row)],
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
        agentArgument('The agent'),
        textArgument('limit', 'US dollars a month, or none', { unit: 'usd' }),
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

export function formatBudget({ spent_usd, limit_usd, status }: z.output<typeof budget>): string {
  const spent = spent_usd.toFixed(2);
  return limit_usd === null
    ? `${spent} USD this month, no limit`
    : `${spent} of ${limit_usd.toFixed(2)} USD this month, ${status}`;
}
