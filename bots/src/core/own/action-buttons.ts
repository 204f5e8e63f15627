import type { Asked } from '../asked.ts';
import type { Button } from '../card.ts';

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
