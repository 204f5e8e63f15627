import type { Button } from '../../../contract/card.ts';
import type { CommandContext } from '../command.ts';

/** Makes buttons of those actions that the catalogue has. */
export function actionButtons(
  { delivery, services }: CommandContext,
  wanted: readonly (readonly [label: string, command: string])[],
  values: Readonly<Record<string, string>>,
): Button[] {
  return wanted
    .filter(([, command]) => services.registry.byName(command) !== undefined)
    .map(([label, command]) => {
      const lacks = services.registry
        .byName(command)
        ?.arguments.some(({ name, required }) => required && values[name] === undefined);
      return services.buttons.offer(delivery.sender, {
        label,
        intent: { command, values, ...(lacks === true && { form: true }) },
        user: null,
      });
    });
}
