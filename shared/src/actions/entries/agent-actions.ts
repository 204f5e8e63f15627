import { z } from 'zod';
import { defineAction } from '../action.ts';
import { byDatabase, noFields } from './payload-parts.ts';

/** Actions on an agent. */
export const agentActions = {
  pause_agent: defineAction({
    ...byDatabase,
    title: 'Pause an agent',
    summary: 'Keeps an agent from being woken until it is resumed.',
    target: 'agent',
    role: 'operator',
    danger: 'reversible',
    undo: 'resume_agent',
    payload: noFields,
    result: () => z.object({ agent: z.string(), status: z.literal('paused') }),
    describe: ({ agent: slug }) => `${slug} is paused`,
  }),
  resume_agent: defineAction({
    ...byDatabase,
    title: 'Resume an agent',
    summary: 'Lets a paused agent be woken again.',
    target: 'agent',
    role: 'operator',
    danger: 'reversible',
    undo: 'pause_agent',
    payload: noFields,
    result: () => z.object({ agent: z.string(), status: z.literal('ready') }),
    describe: ({ agent: slug }) => `${slug} works again`,
  }),
} as const;
