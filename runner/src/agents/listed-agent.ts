import { agentSpec } from '@hq/shared/agents';
import { z } from 'zod';

/** Parts that every agent has, however malformed the rest of its description is. */
const identity = z.looseObject({ id: z.uuid(), slug: z.string() });

/** Agents as the database describes them. One that the gateway could not use is checked later, by itself. */
export const listedAgents = z.array(identity);
export type ListedAgents = z.output<typeof listedAgents>;

/** An agent as it has to be on the gateway, and what the database knows of it there. */
export const listedAgent = agentSpec.extend({
  openclawId: z.string().nullable(),
  /** True once a credential was issued. */
  credential: z.boolean(),
});
export type ListedAgent = z.output<typeof listedAgent>;
