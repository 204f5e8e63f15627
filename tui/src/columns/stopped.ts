import type { Member } from '@hq/shared/client';
import type { WorkspaceRow } from '@hq/shared/rows';
import { plain, utcTime } from '@hq/shared/text';
import { memberName } from './member-name.ts';

/** Returns who stopped all agents and since when; null while they may work. */
export function stoppedText(workspaces: readonly WorkspaceRow[], member: Member, now: number): string | null {
  const stopped = workspaces.find(({ stopped_at }) => stopped_at !== null);
  if (stopped?.stopped_at == null) return null;
  const since = utcTime(stopped.stopped_at, new Date(now).toISOString());
  return `STOPPED by ${plain(memberName(stopped.stopped_by, member))} since ${since}`;
}
