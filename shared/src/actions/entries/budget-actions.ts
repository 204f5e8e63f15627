import { z } from 'zod';
import { defineAction } from '../action.ts';
import { byDatabase } from './payload-parts.ts';

const budget = () =>
  z.object({
    agent: z.string(),
    limit_usd: z.number().nullable(),
    spent_usd: z.number(),
    status: z.string(),
    /** Limit of an hour; null for none. */
    hourly_limit_usd: z.number().nullable().optional(),
  });

function describeBudget(row: z.output<ReturnType<typeof budget>>): string {
  const spent = row.spent_usd.toFixed(2);
  return row.limit_usd === null
    ? `${row.agent} has no limit; ${spent} USD this month`
    : `${row.agent}: ${spent} of ${row.limit_usd.toFixed(2)} USD this month, ${row.status}`;
}

const onBudget = {
  ...byDatabase,
  target: 'agent',
  role: 'admin',
  danger: 'reversible',
  result: budget,
  describe: describeBudget,
} as const;

/** Actions on the monthly budget of an agent. */
export const budgetActions = {
  set_budget: defineAction({
    ...onBudget,
    title: 'Set a budget',
    summary: 'Sets the monthly spending limit of an agent, or removes it.',
    payload: () =>
      z.strictObject({
        limit_usd: z
          .string()
          .regex(/^(none|\d{1,7}(\.\d{1,2})?)$/, 'an amount such as 25 or 25.50, or none')
          .meta({
            title: 'Monthly limit in USD',
            description: 'US dollars a month, such as 25 or 25.50; none removes the limit',
          }),
        hourly_limit_usd: z
          .string()
          .regex(/^(default|\d{1,7}(\.\d{1,2})?)$/, 'an amount such as 2 or 2.50, or default')
          .optional()
          .meta({
            title: 'Hourly limit in USD',
            description: 'US dollars an hour; default is the workspace’s, or a tenth of the monthly limit',
          }),
        hard_cutoff: z.boolean().optional().meta({
          title: 'Stop at the limit',
          description: 'Stops the agent when the limit is spent',
        }),
      }),
  }),
  top_up_budget: defineAction({
    ...onBudget,
    title: 'Top up a budget',
    summary: 'Raises an agent’s monthly limit by an amount.',
    payload: () =>
      z.strictObject({
        amount_usd: z.number().min(0.01).max(1_000_000).meta({
          title: 'Amount in USD',
          description: 'US dollars to add to the monthly limit, such as 5',
        }),
      }),
  }),
} as const;
