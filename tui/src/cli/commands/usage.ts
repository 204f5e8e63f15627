import { readUsage } from '@hq/shared/queries';
import { printedUsageColumns } from '../../columns/work.ts';
import { usageDocument } from '../documents/work.ts';
import { listCommand } from './list-command.ts';

export const addUsage = listCommand({
  name: 'usage',
  about: 'what agents spent this month and today, and their budgets',
  read: async ({ client }) => ({ rows: await readUsage(client) }),
  document: usageDocument,
  columns: () => printedUsageColumns,
  whenEmpty: 'Nothing was spent this month.',
});
