import type { Whoami } from '../api/chat-api.ts';
import type { Command } from './command.ts';

/** Whether somebody finds a command in help and completion. It grants nothing. */
export function isVisibleTo({ visibility }: Command, who: Whoami): boolean {
  if (visibility === 'everyone') return true;
  if (!who.linked || who.role === null) return false;
  if (visibility === 'linked') return true;
  if (visibility === 'admins') return who.member?.role === 'admin';
  return who.actions.includes(visibility.action);
}

/** What the names of its arguments are read for, as the database knows it; null where reading is all that it takes. */
export function purposeOf({ visibility }: Command): string | null {
  if (visibility === 'admins') return 'bind';
  return typeof visibility === 'object' ? visibility.action : null;
}
