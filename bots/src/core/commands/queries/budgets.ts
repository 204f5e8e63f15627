import { z } from 'zod';
import type { Command } from '../../../contract/command.ts';
import { type ActionTable, actionOf } from '../../action-table.ts';
import { runAction } from '../run-action.ts';
import { tellBudget } from './fleet.ts';
import { by, filter, listed, looking, ofAgent, oneOf } from './query-defaults.ts';
import { page, showList, strong, text } from './show-list.ts';

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

const usageCommand: Command = {
  ...looking,
  name: 'usage',
  aliases: ['cost', 'costs'],
  title: 'Usage',
  summary: 'Tells what the agents have cost this month and today.',
  arguments: [ofAgent, page],
  private: true,
  rank: 12,
  async run(asked) {
    const rows = await asked.house.hq.read(asked.said, 'usage', filter(asked.values), usage);
    const total = rows.reduce((sum, row) => sum + (row.cost_usd ?? 0), 0);
    await showList(asked, {
      command: 'usage',
      title: 'Usage this month',
      state: `${total.toFixed(2)} USD`,
      lines: rows.map((row) => [
        strong(row.agent ?? 'no agent'),
        text(
          ` ${(row.cost_usd ?? 0).toFixed(2)} USD, ${(row.today_usd ?? 0).toFixed(2)} today, ${row.tokens ?? 0} tokens, ${row.runs} runs`,
        ),
      ]),
      none: 'Nothing was used this month.',
    });
  },
};

const budgets: Command = {
  ...looking,
  name: 'budgets',
  aliases: listed('budgets'),
  title: 'Budgets',
  summary: 'Lists what each agent may spend in a month, and what is spent.',
  arguments: [ofAgent, oneOf('status', 'Only these', ['ok', 'warned', 'exceeded', 'unmetered']), page],
  private: true,
  rank: 13,
  async run(asked) {
    const rows = await asked.house.hq.read(asked.said, 'budgets', filter(asked.values), budget);
    await showList(asked, {
      command: 'budgets',
      title: 'Budgets',
      lines: rows.map((row) => [strong(row.agent), text(` ${tellBudget(row)}`)]),
      none: 'No agent has a budget.',
    });
  },
};

const setting = 'set_budget';

/** `budget writer` tells what it may spend, `budget writer 25` sets it: the amount says which is meant. */
export function moneyCommands(actions: ActionTable): Command[] {
  const action = actionOf(actions, setting);
  const lists = [usageCommand, budgets];
  if (action === undefined) return lists;
  return [
    ...lists,
    {
      ...budgets,
      name: 'budget',
      aliases: [],
      title: 'A budget',
      summary: 'Tells what an agent may spend in a month; with an amount, sets it.',
      arguments: [
        by('agent', 'agent', 'The agent'),
        { ...by('limit', null, 'US dollars a month, or none'), unit: 'usd' },
      ],
      isTypedOnly: true,
      async run(asked) {
        const { agent, limit } = asked.values;
        // Where the channel has an agent, the amount alone is enough.
        const isAmount = limit === undefined && agent !== undefined && /^(none|\d+([.,]\d+)?)$/.test(agent);
        if (limit === undefined && !isAmount) return budgets.run(asked);
        const values = isAmount
          ? { limit_usd: agent }
          : { ...(agent !== undefined && { agent }), ...(limit !== undefined && { limit_usd: limit }) };
        await runAction(setting, action, { ...asked, values });
      },
    },
  ];
}
