import type { Action } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import { plain } from '@hq/shared/text';
import type { Console } from './console.ts';
import { askLine } from './question.ts';

/**
 * Asks as much as the action's danger demands. Where nobody can be asked, the yes has to be in the call: a script that
 * interrupts a gateway says so.
 */
export async function confirm(console: Console, action: Action, name: string, target: string): Promise<void> {
  if (action.danger === 'read' || action.danger === 'reversible') return;
  if (!console.canAsk) {
    throw new HqError('usage', `${name} is ${action.danger}, and there is no terminal to ask on.`, {
      field: '--yes',
      hint: 'Add --yes to say that it is meant.',
    });
  }
  console.say(`${action.title} on ${plain(target)}. ${action.summary}`);
  const isMeant =
    action.danger === 'destructive'
      ? (await askLine(`Type ${plain(target)} to go on: `)) === target
      : /^y(es)?$/i.test(await askLine('Go on? [y/N] '));
  if (!isMeant) throw new HqError('cancelled', 'Nothing was done.');
}
