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
  needTerminal(console, `${name} is ${action.danger}`);
  console.say(`${action.title} on ${plain(target)}. ${action.summary}`);
  if (action.danger === 'destructive') await demandName(target);
  else await demandYes();
}

/** For what has no action of its own: says what happens, and wants the name of the thing. */
export async function confirmByName(
  console: Console,
  what: string,
  told: string,
  name: string,
): Promise<void> {
  needTerminal(console, what);
  console.say(told);
  await demandName(name);
}

export async function confirmByYes(console: Console, what: string, told: string): Promise<void> {
  needTerminal(console, what);
  console.say(told);
  await demandYes();
}

function needTerminal(console: Console, what: string): void {
  if (console.canAsk) return;
  throw new HqError('usage', `${what}, and there is no terminal to ask on.`, {
    field: '--yes',
    hint: 'Add --yes to say that it is meant.',
  });
}

async function demandName(name: string): Promise<void> {
  if ((await askLine(`Type ${plain(name)} to go on: `)) !== name) throw notDone();
}

async function demandYes(): Promise<void> {
  if (!/^y(es)?$/i.test(await askLine('Go on? [y/N] '))) throw notDone();
}

function notDone(): HqError {
  return new HqError('cancelled', 'Nothing was done.');
}
