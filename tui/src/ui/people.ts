import type { Member } from '@hq/shared/client';
import { plain } from '@hq/shared/text';

/** Who asked, by their address; who is no member any more has only an id. */
export function whoAsked(userId: string | null, member: Member): string {
  if (userId === null) return 'the system';
  if (userId === member.user_id) return 'you';
  const address = member.people?.get(userId);
  return address === undefined ? userId.slice(0, 8) : plain(address);
}
