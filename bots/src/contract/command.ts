import type { ArgumentDescription } from './adapter.ts';
import type { Choice } from './choice.ts';

/** The source that completes an argument's values. */
export type Completion =
  | 'gateway'
  | 'agent'
  | 'command'
  /** A command that has not finished. */
  | 'unfinished'
  | 'task'
  | 'deliverable'
  | 'alert'
  | 'action'
  | 'topic'
  | 'template';

export interface Argument extends Omit<ArgumentDescription, 'completes'> {
  /** The label of a prompt or a form; derived from the name if left out. */
  readonly label?: string;
  readonly completion: Completion | null;
  /** Lets people write `2h` for minutes and `$25` for dollars. */
  readonly unit?: 'minutes' | 'usd';
  /** The target of the action, not a field of its payload. */
  readonly isTarget?: boolean;
  /** Takes all remaining words. */
  readonly rest?: boolean;
  /** May have several lines. */
  readonly long?: boolean;
}

/** A chat command as parsing, help and the platforms' menus need it. */
export interface CommandDefinition {
  /** `^[a-z][a-z0-9_]*$`, unique. */
  readonly name: string;
  /** The group in structured menus; null for a command at the top level. */
  readonly group: string | null;
  /** Other beginnings of the command, in lower case with single blanks. */
  readonly aliases: readonly string[];
  readonly title: string;
  readonly summary: string;
  readonly arguments: readonly Argument[];
  /** Limits help and completion; the database alone decides about permissions. */
  readonly visibility: Visibility;
  /** The answer goes to the sender alone, if the platform can do that. */
  readonly private: boolean;
  /** Others must not read its values: it works in a direct message alone. */
  readonly directOnly?: boolean;
  /** Lower ranks come first in menus that hold few commands. */
  readonly rank: number;
  /** Left out of menus, because other commands there do the same. */
  readonly isTypedOnly?: boolean;
}

type Visibility = 'everyone' | 'linked' | 'admins' | { readonly action: string };

export type ArgumentValues = Readonly<Record<string, string>>;

/** A command with its values, as buttons, forms and prompts carry it. */
export interface CommandRequest {
  readonly command: string;
  readonly values: ArgumentValues;
}

export function argumentLabel({ name, label }: Argument): string {
  if (label !== undefined) return label;
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const yesNoChoices: readonly Choice[] = [
  { label: 'yes', value: 'true' },
  { label: 'no', value: 'false' },
];
