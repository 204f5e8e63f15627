import { HqError } from '@hq/shared/errors';
import type { Command } from '../../contract/command.ts';
import type { Asked, House } from '../../contract/command-context.ts';
import type { ChatHq, Said } from '../api/chat-api.ts';
import { purposeOf } from '../commands/visibility.ts';
import type { Vocabulary } from '../parse/command-registry.ts';
import { readValues } from '../parse/parse-value.ts';
import { askWhatWasMeant } from './clarify-arguments.ts';
import { askForMissing } from './prompt-missing.ts';
import type { Plan } from './route-delivery.ts';

/** What a plan is carried out with. */
export interface OnTheWay extends Omit<Asked, 'values'> {
  readonly said: Said;
  readonly house: House;
  /** Knows what buttons name, too. */
  readonly requests: Vocabulary;
}

/** Does what was planned. What comes of it goes the way back; what goes wrong is thrown. */
export async function carryOut(plan: Plan, way: OnTheWay): Promise<void> {
  const { said, house, requests } = way;
  if (said.speaker.stranger !== undefined) return turnAway(way);
  switch (plan.kind) {
    case 'ignore':
      return;
    case 'fault':
      throw plan.error;
    case 'ask':
      await mayBeAsked(said, plan, house);
      return askForMissing({ ...way, values: plan.values }, plan.command);
    case 'run':
      if (plan.token !== null) {
        await house.buttons.kept();
        await house.hq.press(said, plan.token);
      }
      return run(plan.command, { ...way, values: plan.values });
    case 'recall': {
      const intent = await house.hq.press(said, plan.token);
      const command = requests.byName(intent.command);
      if (command === undefined) {
        throw new HqError('not_found', 'This button is for something that is no longer there.');
      }
      const asked = { ...way, values: { ...intent.values, ...plan.filled } };
      return intent.form === true ? askForMissing(asked, command) : run(command, asked);
    }
  }
}

/** What was filled in is read now: who may not is refused before they are told what is wrong with it. */
async function run(command: Command, filled: Asked): Promise<void> {
  const asked = { ...filled, values: readValues(command, filled.values) };
  const isLacking = command.arguments.some(
    ({ name, required }) => required && asked.values[name] === undefined,
  );
  if (isLacking) return askForMissing(asked, command);
  try {
    await command.run(asked);
  } catch (error) {
    await askWhatWasMeant(error, command, asked);
  }
}

/** Whether anything is asked of them at all. The database says so, and writes a refusal down. */
export async function mayBeAsked(
  said: Said,
  plan: Plan & { readonly kind: 'ask' },
  house: House,
): Promise<void> {
  if (plan.token === null) return mayUse(said, plan.command, house.hq);
  await house.buttons.kept();
  await house.hq.press(said, plan.token);
}

export async function mayUse(said: Said, command: Command, by: Pick<ChatHq, 'may'>): Promise<void> {
  if (command.audience !== 'everyone') await by.may(said, purposeOf(command));
}

/** Under a name that nobody can be linked to, so that the database refuses it and writes it down. */
export function asStranger({ speaker, delivery }: Said): Said {
  const user = `${speaker.stranger}:${speaker.user}`.slice(0, 200);
  return { speaker: { ...speaker, user }, delivery };
}

async function turnAway({ said, house }: OnTheWay): Promise<void> {
  await house.hq.act(asStranger(said), {
    action: 'stack_status',
    payload: {},
    gateway: null,
    agent: null,
  });
  throw new HqError('refused', 'This account cannot use HQ.');
}
