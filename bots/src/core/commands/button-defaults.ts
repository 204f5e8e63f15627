import type { Argument } from '../../contract/command.ts';
import type { Command } from './command.ts';

/** Common properties of the commands of buttons, which nobody types. */
export const buttonDefaults = {
  group: null,
  aliases: [],
  visibility: 'linked',
  private: false,
  rank: 1000,
} as const satisfies Partial<Command>;

/** An argument that the button carries. */
export const buttonArgument = (name: string): Argument => ({
  name,
  summary: '',
  kind: 'text',
  required: true,
  completion: null,
});
