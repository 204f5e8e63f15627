import type { Role } from '@hq/shared/actions';
import type { HqClient, Member } from '@hq/shared/client';
import { noMember } from '@hq/shared/connection-settings';

export type SignedInMember = Member & { readonly role: Role };

/** Reads the member that a client is signed in as, with the names of the others. Fails with `refused` for no member. */
export async function readMember(client: HqClient): Promise<SignedInMember> {
  const [member, people] = await Promise.all([client.whoami(), client.people()]);
  const { role } = member;
  if (role !== null) return { ...member, role, people };
  throw noMember(member);
}
