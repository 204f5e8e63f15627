import { z } from 'zod';
import { roles } from '../actions/index.ts';

/** Who is signed in, in which tenant, and what the database lets them do. `role` is null for someone who is no member. */
export const member = z.object({
  user_id: z.string(),
  email: z.string().nullable(),
  tenant_id: z.string(),
  tenant_name: z.string().nullable(),
  role: z.enum(roles).nullable(),
  /** The database's clock. */
  now: z.string(),
});
export type Member = z.output<typeof member> & {
  /** The addresses of the members by their ids, where a face shows who did what. */
  readonly people?: ReadonlyMap<string, string>;
};

export const people = z.array(z.object({ user_id: z.string(), email: z.string().nullable() }));
