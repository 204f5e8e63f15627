import type { Command } from '../../contract/command.ts';
import type { Whoami } from '../api/chat-api.ts';

/** Whether somebody finds a command in help and completion. It grants nothing. */
export function isShownTo({ audience }: Command, who: Whoami): boolean {
  if (audience === 'everyone') return true;
  if (!who.linked || who.role === null) return false;
  if (audience === 'linked') return true;
  if (audience === 'admins') return who.member?.role === 'admin';
  return who.actions.includes(audience.action);
}

/** What the names of its arguments are read for, as the database knows it; null where reading is all that it takes. */
export function purposeOf({ audience }: Command): string | null {
  if (audience === 'admins') return 'bind';
  return typeof audience === 'object' ? audience.action : null;
}
