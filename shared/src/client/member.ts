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
export type Member = z.output<typeof member>;
