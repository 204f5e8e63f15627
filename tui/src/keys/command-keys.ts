import type { CommandRow } from '@hq/shared/rows';
import type { Ui } from '../app/ui.ts';
import { type Binding, type Handlers, withRow } from './binding.ts';

/** For screens on which a command is selected or open. */
export const commandKeys = [
  { does: 'cancel', keys: ['x'], short: 'cancel', about: 'cancel the command', writes: true },
  { does: 'again', keys: ['A'], short: 'again', about: 'run the command again', writes: true },
] as const satisfies readonly Binding[];

export function commandHandlers({ commands }: Ui, command: CommandRow | null): Handlers<typeof commandKeys> {
  return { cancel: withRow(command, commands.cancel), again: withRow(command, commands.repeat) };
}
