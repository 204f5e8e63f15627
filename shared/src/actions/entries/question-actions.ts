import { z } from 'zod';
import { defineAction } from '../action.ts';
import { entity, idOf, onWorkspace, text } from './payload-parts.ts';

/** Answers to what agents ask their operators. The first one counts. */
export const questionActions = {
  answer_question: defineAction({
    ...onWorkspace,
    title: 'Answer a question',
    summary: 'Answers a question of an agent. The first answer counts; the agent goes on with it.',
    payload: () =>
      z.strictObject({
        question: idOf('question'),
        answer: text(4000).describe(
          'One of the choices or its number, or another text where the agent allows it',
        ),
      }),
    result: () => z.object({ ...entity(), answer: z.string(), agent: z.string() }),
    describe: ({ agent, answer }) => `${agent} is told: ${answer}`,
  }),
  allow_host: defineAction({
    ...onWorkspace,
    title: 'Allow a host',
    summary: 'Answers an agent that asks for a host with yes, and adds the host to those that it may reach.',
    consequence: 'Whatever the agent can read, it can send to this host.',
    role: 'admin',
    danger: 'disruptive',
    payload: () => z.strictObject({ question: idOf('question') }),
    result: () => z.object({ ...entity(), host: z.string(), agent: z.string() }),
    describe: ({ agent, host }) => `${agent} may reach ${host}`,
  }),
} as const;
