import { z } from 'zod';
import { roles } from '../actions/index.ts';
import { HqError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { versionError } from './database-error.ts';

/** The signed-in user, their tenant and their role; `role` is null for a user who is no member. */
const member = z.object({
  user_id: z.string(),
  email: z.string().nullable(),
  tenant_id: z.string(),
  tenant_name: z.string().nullable(),
  role: z.enum(roles).nullable(),
  /** The database's clock. */
  now: z.string(),
});
export type Member = z.output<typeof member> & {
  /** The email addresses of the members by their ids, in a client that shows who did what. */
  readonly people?: ReadonlyMap<string, string>;
};

const memberEmails = z.array(z.object({ user_id: z.string(), email: z.string().nullable() }));

export async function whoami({ ask, supabase, host, clock }: Connection): Promise<Member> {
  const sentAt = Date.now();
  const answer = await ask<unknown>(supabase.rpc('whoami'));
  const receivedAt = Date.now();
  const parsed = member.safeParse(answer);
  if (!parsed.success) throw versionError(host, parsed.error);
  clock.adopt(parsed.data.now, sentAt, receivedAt);
  return parsed.data;
}

/** The error of a user who signs in to an HQ without being a member of it. */
export function noMember({ email }: Member): HqError {
  return new HqError('refused', `${email ?? 'This user'} is no member of this HQ.`, {
    hint: 'Ask an admin to add you.',
  });
}

/** Returns the email addresses of the members by their ids. */
export async function readPeople({ askAgain, supabase }: Connection): Promise<ReadonlyMap<string, string>> {
  const people = memberEmails.parse(await askAgain<unknown>(() => supabase.rpc('tenant_people')));
  return new Map(people.flatMap(({ user_id, email }) => (email === null ? [] : [[user_id, email]])));
}
