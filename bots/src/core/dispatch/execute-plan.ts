import { HqError } from '@hq/shared/errors';
import type { Command } from '../../contract/command.ts';
import type { CommandContext, Services } from '../../contract/command-context.ts';
import type { ChatApi, Delivery } from '../api/chat-api.ts';
import { purposeOf } from '../commands/visibility.ts';
import type { CommandRegistry } from '../parse/command-registry.ts';
import { parseValues } from '../parse/parse-value.ts';
import { clarifyArguments } from './clarify-arguments.ts';
import { promptMissing } from './prompt-missing.ts';
import type { Plan } from './route-delivery.ts';

/** What a plan is carried out with. */
export interface ExecutionContext extends Omit<CommandContext, 'values'> {
  readonly delivery: Delivery;
  readonly services: Services;
  /** Knows what buttons name, too. */
  readonly requests: CommandRegistry;
}

/** Does what was planned. What comes of it goes the way back; what goes wrong is thrown. */
export async function executePlan(plan: Plan, responder: ExecutionContext): Promise<void> {
  const { delivery, services, requests } = responder;
  if (delivery.sender.stranger !== undefined) return refuseStranger(responder);
  switch (plan.kind) {
    case 'ignore':
      return;
    case 'fault':
      throw plan.error;
    case 'ask':
      await authorizePrompt(delivery, plan, services);
      return promptMissing({ ...responder, values: plan.values }, plan.command);
    case 'run':
      if (plan.token !== null) {
        await services.buttons.stored();
        await services.api.press(delivery, plan.token);
      }
      return run(plan.command, { ...responder, values: plan.values });
    case 'recall': {
      const intent = await services.api.press(delivery, plan.token);
      const command = requests.byName(intent.command);
      if (command === undefined) {
        throw new HqError('not_found', 'This button is for something that is no longer there.');
      }
      const context = { ...responder, values: { ...intent.values, ...plan.filled } };
      return intent.form === true ? promptMissing(context, command) : run(command, context);
    }
  }
}

/** What was filled in is read now: who may not is refused before they are told what is wrong with it. */
async function run(command: Command, filled: CommandContext): Promise<void> {
  const context = { ...filled, values: parseValues(command, filled.values) };
  const isLacking = command.arguments.some(
    ({ name, required }) => required && context.values[name] === undefined,
  );
  if (isLacking) return promptMissing(context, command);
  try {
    await command.run(context);
  } catch (error) {
    await clarifyArguments(error, command, context);
  }
}

/** Whether anything is asked of them at all. The database says so, and writes a refusal down. */
export async function authorizePrompt(
  delivery: Delivery,
  plan: Plan & { readonly kind: 'ask' },
  services: Services,
): Promise<void> {
  if (plan.token === null) return authorizeCommand(delivery, plan.command, services.api);
  await services.buttons.stored();
  await services.api.press(delivery, plan.token);
}

export async function authorizeCommand(
  delivery: Delivery,
  command: Command,
  by: Pick<ChatApi, 'may'>,
): Promise<void> {
  if (command.visibility !== 'everyone') await by.may(delivery, purposeOf(command));
}

/** Under a name that nobody can be linked to, so that the database refuses it and writes it down. */
export function asStranger({ sender, key }: Delivery): Delivery {
  const user = `${sender.stranger}:${sender.user}`.slice(0, 200);
  return { sender: { ...sender, user }, key };
}

async function refuseStranger({ delivery, services }: ExecutionContext): Promise<void> {
  await services.api.act(asStranger(delivery), {
    action: 'stack_status',
    payload: {},
    gateway: null,
    agent: null,
  });
  throw new HqError('refused', 'This account cannot use HQ.');
}
