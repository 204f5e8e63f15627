import type { Button } from '../../../contract/card.ts';
import type { Asked } from '../../../contract/command-context.ts';

/** Buttons of those actions that the catalogue has. */
export function actionButtons(
  { said, house }: Asked,
  wanted: readonly (readonly [label: string, command: string])[],
  values: Readonly<Record<string, string>>,
): Button[] {
  return wanted
    .filter(([, command]) => house.vocabulary.byName(command) !== undefined)
    .map(([label, command]) => {
      const lacks = house.vocabulary
        .byName(command)
        ?.arguments.some(({ name, required }) => required && values[name] === undefined);
      return house.buttons.offer(said.speaker, {
        label,
        intent: { command, values, ...(lacks === true && { form: true }) },
        user: null,
      });
    });
}
