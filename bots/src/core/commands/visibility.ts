import type { Whoami } from '../api/chat-api.ts';
import type { Command, Services } from './command.ts';

/** Returns true if help and completion show the command to this person. Grants nothing. */
export function isVisibleTo({ visibility }: Command, who: Whoami): boolean {
  if (visibility === 'everyone') return true;
  if (!who.linked || who.role === null) return false;
  if (visibility === 'linked') return true;
  if (visibility === 'admins') return who.member?.role === 'admin';
  return who.actions.includes(visibility.action);
}

/** The commands that help and menus show to this person. */
export function visibleCommands({ registry }: Pick<Services, 'registry'>, who: Whoami): Command[] {
  return registry.commands.filter((command) => command.isTypedOnly !== true && isVisibleTo(command, who));
}

/** The purpose for `ChatApi.may`; null for a command that only reads. */
export function purposeOf({ visibility }: Command): string | null {
  if (visibility === 'admins') return 'bind';
  return typeof visibility === 'object' ? visibility.action : null;
}
