import type { Button } from '../../../contract/card.ts';
import type { CommandContext } from '../command.ts';

/** Makes buttons of those commands that exist here: the catalogue may lack an action. */
export function actionButtons(
  { delivery, services }: CommandContext,
  values: Readonly<Record<string, string>>,
  ...wanted: readonly (readonly [label: string, command: string] | false)[]
): Button[] {
  return wanted.flatMap((one) => {
    const [label, command] = one || [];
    const found = command === undefined ? undefined : services.registry.byName(command);
    if (label === undefined || found === undefined) return [];
    const lacks = found.arguments.some(({ name, required }) => required && values[name] === undefined);
    const intent = { command: found.name, values, ...(lacks && { form: true }) };
    return [services.buttons.offer(delivery.sender, { label, intent, user: null })];
  });
}
