import { z } from 'zod';
import { defineAction } from '../action.ts';
import { byDatabase, noFields } from './payload-parts.ts';

const onAgent = {
  ...byDatabase,
  target: 'agent',
  role: 'operator',
  danger: 'reversible',
  payload: noFields,
} as const;

/** Actions on an agent. */
export const agentActions = {
  pause_agent: defineAction({
    ...onAgent,
    title: 'Pause an agent',
    summary: 'Keeps an agent from being woken until it is resumed.',
    undo: 'resume_agent',
    result: () => z.object({ agent: z.string(), status: z.literal('paused') }),
    describe: ({ agent: slug }) => `${slug} is paused`,
  }),
  resume_agent: defineAction({
    ...onAgent,
    title: 'Resume an agent',
    summary: 'Lets a paused agent be woken again.',
    undo: 'pause_agent',
    result: () => z.object({ agent: z.string(), status: z.literal('ready') }),
    describe: ({ agent: slug }) => `${slug} works again`,
  }),
} as const;
