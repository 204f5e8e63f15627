import { z } from 'zod';
import { counted } from '../../text/counted.ts';
import { defineAction } from '../action.ts';
import { entity, idOf, noFields, onWorkspace, shortId } from './payload-parts.ts';

const item = () => z.object({ ...entity(), status: z.string(), agent: z.string() });
const onItem = {
  ...onWorkspace,
  payload: () => z.strictObject({ item: idOf('item') }),
  result: item,
} as const;

/** Actions on what wakes the agents. */
export const dispatchActions = {
  stop_all: defineAction({
    ...onWorkspace,
    title: 'Stop all agents',
    summary: 'Stops every agent of the workspace: running turns are aborted, and nothing wakes an agent.',
    consequence: 'Every running turn is aborted. What was not finished waits for resume_all.',
    danger: 'disruptive',
    payload: noFields,
    result: () => z.object({ stopped: z.boolean(), since: z.string().nullable(), turns: z.number() }),
    describe: ({ turns }) =>
      `all agents are stopped; ${counted(turns, 'turn is', 'turns are')} being aborted`,
  }),
  resume_all: defineAction({
    ...onWorkspace,
    title: 'Resume all agents',
    summary: 'Lets the agents of the workspace work again after stop_all.',
    payload: noFields,
    result: () => z.object({ stopped: z.boolean(), since: z.string().nullable(), waiting: z.number() }),
    describe: ({ waiting }) => `agents work again; ${counted(waiting, 'item waits', 'items wait')}`,
  }),
  retry_item: defineAction({
    ...onItem,
    title: 'Retry an item',
    summary: 'Lets an agent try an inbox item again that was given up.',
    describe: (row) => `${row.agent} tries again: ${row.title} (${shortId(row.id)})`,
  }),
  cancel_item: defineAction({
    ...onItem,
    title: 'Cancel an item',
    summary: 'Takes an inbox item from its agent. A turn that works on it is aborted.',
    danger: 'disruptive',
    describe: (row) => `${row.agent} leaves it: ${row.title} (${shortId(row.id)})`,
  }),
} as const;
