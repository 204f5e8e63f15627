import type { Action } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import { plain } from '@hq/shared/text';
import type { Console } from '../output/console.ts';
import { askLine, nothingDone } from './question.ts';

/** Asks as much as the danger of the action demands. Without a terminal a script must say --yes. */
export async function confirmAction(
  console: Console,
  action: Action,
  name: string,
  target: string,
): Promise<void> {
  if (action.danger === 'read' || action.danger === 'reversible') return;
  const ask = action.danger === 'destructive' ? confirmByName : confirmByYes;
  await ask(
    console,
    `${name} is ${action.danger}`,
    `${action.title} on ${plain(target)}. ${action.consequence ?? action.summary}`,
    target,
  );
}

/** Says what happens, and demands the name of the thing. */
export async function confirmByName(
  console: Console,
  danger: string,
  consequence: string,
  name: string,
): Promise<void> {
  requireTerminal(console, danger);
  console.say(consequence);
  if ((await askLine(console, `Type ${plain(name)} to go on: `)) !== name) throw nothingDone();
}

/** Says what happens, and demands a yes. */
export async function confirmByYes(console: Console, danger: string, consequence: string): Promise<void> {
  requireTerminal(console, danger);
  console.say(consequence);
  if (!/^y(es)?$/i.test(await askLine(console, 'Go on? [y/N] '))) throw nothingDone();
}

function requireTerminal(console: Console, danger: string): void {
  if (console.canAsk) return;
  throw new HqError('usage', `${danger}, and there is no terminal to ask on.`, {
    field: '--yes',
    hint: 'Add --yes to confirm it.',
  });
}
