import { HqError } from '@hq/shared/errors';
import type { ArgumentValues } from '../../contract/command.ts';
import type { ChatApi, Delivery, Intent } from '../api/chat-api.ts';
import { toSentences } from '../cards/to-sentence.ts';
import type { Command, CommandContext, Redirect, Services } from '../commands/command.ts';
import { leaveQuestion } from '../commands/leave-question.ts';
import { purposeOf } from '../commands/visibility.ts';
import type { CommandRegistry } from '../parse/command-registry.ts';
import { parseValues, problemsOf } from '../parse/parse-value.ts';
import { explainError, missingArgument, wrongArgument } from './clarify-arguments.ts';
import { missingFirst, promptArgument } from './prompt-missing.ts';
import { RejectedForm } from './rejected-form.ts';
import type { Plan } from './route-delivery.ts';

export interface ExecutionContext extends Omit<CommandContext, 'values'> {
  /** Includes the commands of buttons. */
  readonly allCommands: CommandRegistry<Command>;
  /** The values are answers to questions. */
  readonly isAnswer?: boolean | undefined;
  /** A wrong value can be corrected alone, so errors need no usage. */
  readonly isCorrectable?: boolean | undefined;
}

/** Executes a plan and shows its result. Throws what the dispatcher turns into an error card. */
export async function executePlan(plan: Plan, context: ExecutionContext): Promise<void> {
  const { delivery, services, allCommands } = context;
  if (delivery.sender.stranger !== undefined) {
    // The code of a stranger who posted it is withdrawn, and then the stranger is refused.
    if (plan.kind === 'run' && plan.command.directOnly === true)
      await plan.command.run({ ...context, values: plan.values });
    return services.api.refuse(delivery, {});
  }
  switch (plan.kind) {
    case 'ignore':
      return;
    case 'fail':
      throw plan.error;
    case 'prompt':
      await authorizePrompt(delivery, plan, services);
      return promptOrRun(plan.command, plan.values, context);
    case 'run':
      return parseAndRun(plan.command, plan.values, {
        ...context,
        isAnswer: plan.isAnswer,
        isCorrectable: plan.isAnswer,
      });
    case 'ask': {
      const { command, values, argument, problem } = plan;
      await authorizeCommand(delivery, command, services.api);
      return promptArgument(command, argument, { ...context, values }, problem);
    }
    case 'press': {
      const { token, filled } = plan;
      await services.buttons.stored();
      const intent = await services.api.press(delivery, { p_token: token });
      const { message } = context.responder;
      if (message !== null && intent.command !== leaveQuestion.name) {
        await services.prompts.close(delivery.sender, message);
      }
      const command = allCommands.byName(intent.command);
      if (command === undefined) {
        throw new HqError('not_found', 'The command of this button no longer exists.');
      }
      const values = { ...intent.values, ...filled };
      if (!plan.isForm) {
        return intent.form === true
          ? promptOrRun(command, values, context)
          : parseAndRun(command, values, context);
      }
      try {
        return await parseAndRun(command, values, { ...context, isCorrectable: true });
      } catch (error) {
        throw rejectionOf(error, command, intent, filled, context) ?? error;
      }
    }
  }
}

/** The rejection of a form for an error about one of its fields. */
function rejectionOf(
  error: unknown,
  command: Command,
  { command: name, values, message }: Intent,
  filled: ArgumentValues,
  { delivery: { sender }, services }: ExecutionContext,
): RejectedForm | undefined {
  const wrong = wrongArgument(error, command, filled);
  if (wrong === undefined) return undefined;
  const problems = { [wrong.argument.name]: wrong.problem, ...problemsOf(command, filled) };
  const errors = Object.entries(problems).map(([field, problem]) => [
    field,
    services.phrase(toSentences(problem), sender),
  ]);
  const again = { command: name, values, filled, form: true, ...(message && { message }) };
  return new RejectedForm(command, again, Object.fromEntries(errors));
}

/** Parses values after the press is authorized: whoever is refused does not see what is wrong with them. */
async function parseAndRun(
  command: Command,
  written: ArgumentValues,
  context: ExecutionContext,
): Promise<void> {
  const values = parseValues(command, written);
  const isIncomplete = command.arguments.some(({ name, required }) => required && values[name] === undefined);
  return isIncomplete ? promptOrRun(command, values, context) : run(command, values, context);
}

async function promptOrRun(
  command: Command,
  values: ArgumentValues,
  context: ExecutionContext,
): Promise<void> {
  const missing = await missingFirst(command, values, context);
  if (missing !== undefined) return promptArgument(command, missing, { ...context, values });
  return run(command, values, context);
}

/** Runs a command and those that it redirects to. Errors of commands are examined here and nowhere else. */
async function run(command: Command, values: ArgumentValues, context: ExecutionContext): Promise<void> {
  let redirect: Redirect | undefined;
  try {
    redirect = await command.run({ ...context, values });
  } catch (error) {
    const missing = missingArgument(error, command, values);
    if (missing !== undefined) return promptArgument(command, missing, { ...context, values });
    const explained = await explainError(error, command, values, context);
    const wrong = wrongArgument(explained, command, values);
    if (context.isAnswer === true && wrong !== undefined) {
      const { [wrong.argument.name]: _wrong, ...others } = values;
      return promptArgument(command, wrong.argument, { ...context, values: others }, wrong.problem);
    }
    throw explained;
  }
  if (redirect === undefined) return;
  const next = context.allCommands.byName(redirect.command);
  if (next === undefined) throw new HqError('not_found', `There is no command ${redirect.command}.`);
  return run(next, redirect.values, {
    ...context,
    ...(redirect.details !== undefined && { details: redirect.details }),
    ...(redirect.inNewMessage === true && { responder: context.responder.inNewMessage() }),
  });
}

/** Asks the database for permission to prompt; a refusal is audited. */
export async function authorizePrompt(
  delivery: Delivery,
  plan: Plan & { readonly kind: 'prompt' },
  { api, buttons }: Pick<Services, 'api' | 'buttons'>,
): Promise<void> {
  if (plan.token === null) return authorizeCommand(delivery, plan.command, api);
  await buttons.stored();
  await api.press(delivery, { p_token: plan.token });
}

export async function authorizeCommand(
  delivery: Delivery,
  command: Command,
  permissions: Pick<ChatApi, 'may'>,
): Promise<void> {
  if (command.visibility !== 'everyone') await permissions.may(delivery, { p_for: purposeOf(command) });
}
