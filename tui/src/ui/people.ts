import type { Member } from '@hq/shared/client';

/** Who asked, as far as this member may know: the database gives other members' ids, not their names. */
export function whoAsked(userId: string | null, member: Member): string {
  if (userId === null) return 'the system';
  return userId === member.user_id ? 'you' : userId.slice(0, 8);
}
