import { readInbox, readWaits } from '@hq/shared/queries';
import { itemStatuses, openItemStatuses } from '@hq/shared/rows';
import { Option } from 'commander';
import { printedItemColumns } from '../../columns/work.ts';
import { findAgent } from '../arguments/find-by-name.ts';
import { limitOption } from '../arguments/options.ts';
import { itemDocument } from '../documents/work.ts';
import { listCommand, newest } from './list-command.ts';

export const addInbox = listCommand({
  name: 'inbox',
  about: 'items of the agents’ inboxes, and why each waits',
  agentArgument: 'only of this agent, by slug or id',
  options: [
    new Option('--status <status>', 'only in this status').choices(itemStatuses),
    new Option('--all', 'those that are over, too'),
    limitOption(),
  ],
  async read({ client }, { agent, status, all, ...options }) {
    const statuses = status === undefined ? (all ? undefined : openItemStatuses) : [status];
    const agentId = agent === undefined ? undefined : (await findAgent(client, agent)).id;
    const { limit } = newest(client, options);
    const items = await readInbox(client, { agentId, statuses, limit });
    const waits = await readWaits(
      client,
      'p_items',
      items.map(({ id }) => id),
    );
    return { rows: items.map((item) => ({ ...item, wait: waits.get(item.id) ?? null })) };
  },
  document: itemDocument,
  columns: printedItemColumns,
  whenEmpty: 'Nothing waits in an inbox.',
});
