import type { Member } from '@hq/shared/client';
import { plain } from '@hq/shared/text';

/** Returns the address of a member; the start of the id for somebody who is no longer one. */
export function memberName(userId: string | null, member: Member): string {
  if (userId === null) return 'the system';
  if (userId === member.user_id) return 'you';
  const address = member.people?.get(userId);
  return address === undefined ? userId.slice(0, 8) : plain(address);
}
