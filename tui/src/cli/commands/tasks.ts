import { readAgents, readTasks, readWaits } from '@hq/shared/queries';
import { openTaskStatuses, taskStatuses } from '@hq/shared/rows';
import { Option } from 'commander';
import { printedTaskColumns } from '../../columns/work.ts';
import { findAgent } from '../arguments/find-by-name.ts';
import { limitOption } from '../arguments/options.ts';
import { taskDocument } from '../documents/work.ts';
import { listCommand, newest } from './list-command.ts';

export const addTasks = listCommand({
  name: 'tasks',
  about: 'open tasks, and why each waits',
  options: [
    new Option('--agent <agent>', 'only of this agent, by slug or id'),
    new Option('--status <status>', 'only in this status').choices(taskStatuses),
    new Option('--all', 'those that are over, too'),
    limitOption(),
  ],
  async read({ client }, { agent, status, all, ...options }) {
    const agents = await readAgents(client);
    const statuses = status === undefined ? (all ? undefined : openTaskStatuses) : [status];
    const agentId = agent === undefined ? undefined : (await findAgent(client, agent)).id;
    const { limit } = newest(client, options);
    const tasks = await readTasks(client, { agentId, statuses, limit });
    const ids = tasks.map(({ id }) => id);
    const waits = await readWaits(client, 'p_tasks', ids);
    return { rows: tasks.map((task) => ({ ...task, wait: waits.get(task.id) ?? null })), agents };
  },
  document: taskDocument,
  columns: printedTaskColumns,
  whenEmpty: 'No tasks.',
});
