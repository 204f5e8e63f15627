import { z } from 'zod';

/** The fields of an action that `hq.do_<action>` runs in the transaction that inserts its row. */
export const byDatabase = {
  executor: 'database',
  lane: 'none',
  retry: 'never',
  maxAttempts: 1,
  timeoutSeconds: 10,
  whilePaused: true,
} as const;

/** The fields of an action of the workspace that an operator may take back. */
export const onWorkspace = {
  ...byDatabase,
  target: 'workspace',
  role: 'operator',
  danger: 'reversible',
} as const;

/** The fields of an action that a gateway's runner executes, and may start again after a crash. */
export const byRunner = {
  target: 'gateway',
  executor: 'runner',
  retry: 'safe',
  maxAttempts: 3,
  whilePaused: false,
} as const;

export const noFields = () => z.strictObject({});

/** An id, or at least its first eight characters if they identify one row. */
export const idOf = (entityName: string) =>
  z
    .string()
    .regex(
      /^[0-9a-fA-F][0-9a-fA-F-]{7,35}$/,
      `an id of ${entityName}, or at least its first eight characters`,
    )
    .describe(`The ${entityName}: its id, or at least the first eight characters of it`);

export const agentSlug = () =>
  z
    .string()
    .min(2)
    .max(40)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'an agent’s slug')
    .describe('The agent, by its slug');

/** `<provider>/<model>` as OpenClaw names it. */
export const model = (description: string) =>
  z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9][^\s]*$/, 'a model, such as openai/gpt-5')
    .describe(description);

export const text = (maxLength: number) => z.string().min(1).max(maxLength);

/** The id and the title of a row in a result. */
export const entity = () => ({ id: z.string(), title: z.string() });

export const shortId = (id: string): string => id.slice(0, 8);
