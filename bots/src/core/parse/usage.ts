import type { CommandDefinition } from '../../contract/command.ts';

/** The usage of a command, between backticks: `assign_task <task> <agent> [gateway]`. */
export function usageOf(command: CommandDefinition): string {
  const parts = command.arguments.map(({ name, required, rest }) => {
    const shown = rest === true ? `${name}…` : name;
    return required ? `<${shown}>` : `[${shown}]`;
  });
  return `Usage: \`${[command.name, ...parts].join(' ')}\``;
}
