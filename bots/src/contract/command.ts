import type { ArgumentDescription } from './adapter.ts';
import type { CommandContext } from './command-context.ts';
import type { Choice } from './inbound.ts';

/** What the names of an argument's values are read from. */
export type Completion =
  | 'gateway'
  | 'agent'
  | 'command'
  /** A command that has not ended. */
  | 'unfinished'
  | 'task'
  | 'deliverable'
  | 'alert'
  | 'action'
  | 'topic'
  | 'template';

export interface Argument extends Omit<ArgumentDescription, 'completes'> {
  /** What a person reads where it is asked for; made of the name where left out. */
  readonly label?: string;
  readonly completion: Completion | null;
  /** What it counts: `2h` are minutes and `$25` are dollars, too. */
  readonly unit?: 'minutes' | 'usd';
  /** What the action is aimed at, and none of its payload. */
  readonly isTarget?: boolean;
  /** Takes all words that are left. */
  readonly rest?: boolean;
  /** May be several lines. */
  readonly long?: boolean;
}

/** One thing that can be said to HQ in chat, from the catalogue or of chat's own. */
export interface Command {
  /** `^[a-z][a-z0-9_]*$`, unique. */
  readonly name: string;
  /** The name's group in structured menus; null for a first word. */
  readonly group: string | null;
  /** Other ways to begin it, as lower-case words with single blanks. */
  readonly aliases: readonly string[];
  readonly title: string;
  readonly summary: string;
  readonly arguments: readonly Argument[];
  /** Who finds it in help and completion. The database decides, whatever stands here. */
  readonly visibility: Visibility;
  /** Whether the answer is for who asked alone, where the platform can do that. */
  readonly private: boolean;
  /** The smaller, the earlier in menus that hold few. */
  readonly rank: number;
  /** Left out of menus: it says the same as others that are there. */
  readonly isTypedOnly?: boolean;
  run(context: CommandContext): Promise<void>;
}

type Visibility = 'everyone' | 'linked' | 'admins' | { readonly action: string };

/** A command with what was said to it: what buttons, forms and questions carry, too. */
export interface CommandRequest {
  readonly command: string;
  readonly values: Readonly<Record<string, string>>;
}

export function argumentLabel({ name, label }: Argument): string {
  if (label !== undefined) return label;
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** How a boolean is picked. */
export const yesNoChoices: readonly Choice[] = [
  { label: 'yes', value: 'true' },
  { label: 'no', value: 'false' },
];
