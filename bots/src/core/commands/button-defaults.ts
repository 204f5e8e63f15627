import type { Argument } from '../../contract/command.ts';
import type { Command } from './command.ts';

/** What commands have in common that buttons say and nobody types. */
export const buttonDefaults = {
  group: null,
  aliases: [],
  visibility: 'linked',
  private: false,
  rank: 1000,
} as const satisfies Partial<Command>;

/** What the button brings along. */
export const buttonArgument = (name: string): Argument => ({
  name,
  summary: '',
  kind: 'text',
  required: true,
  completion: null,
});
