import type { Command } from './command.ts';

const defaults = {
  group: null,
  aliases: [],
  arguments: [],
  visibility: 'linked',
  private: false,
  rank: 1000,
} as const satisfies Partial<Command>;

/** The definition of a command; by default it is at the top level and for every linked account. */
export type CommandParts = Omit<Command, keyof typeof defaults> &
  Partial<Pick<Command, keyof typeof defaults>>;

export function defineCommand(parts: CommandParts): Command {
  return { ...defaults, ...parts };
}
