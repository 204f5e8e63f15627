import { utcTime } from '@hq/shared/text';
import { carried, textArgument } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { defineCommand } from './define-command.ts';
import { showResult } from './run-action.ts';

/** The commands of a confirmation's buttons. Nobody types them. */
export const confirmCommands: readonly Command[] = [
  defineCommand({
    name: 'confirm',
    title: 'Confirm',
    summary: 'Confirms a request.',
    arguments: [carried('token')],
    run: (context) => confirm(context, null),
  }),
  defineCommand({
    name: 'confirm_typed',
    title: 'Confirm by name',
    summary: 'Confirms a request by the name of its target.',
    arguments: [
      carried('token'),
      textArgument('typed', 'The name, as it is shown', { required: true, maxLength: 200 }),
    ],
    run: (context) => confirm(context, context.values.typed ?? ''),
  }),
  defineCommand({
    name: 'decline',
    title: 'Decline',
    summary: 'Declines a request.',
    arguments: [carried('token')],
    async run({ delivery, values, services, responder }) {
      const { prompt, decided } = await services.api.decline(delivery, { p_token: values.token ?? '' });
      const stamp = stampOf('declined', decided);
      await responder.replace({ title: prompt, tone: 'neutral', state: 'not done', stamp });
    },
  }),
];

async function confirm(context: CommandContext, typed: string | null): Promise<undefined> {
  const request = { p_token: context.values.token ?? '', p_typed: typed };
  const result = await context.services.api.confirm(context.delivery, request);
  const decided = 'decided' in result ? result.decided : undefined;
  await showResult(context, result, decided === undefined ? {} : { stamp: stampOf('confirmed', decided) });
}

function stampOf(decision: string, { by, at }: { readonly by: string | null; readonly at: string }): string {
  return `${decision} by ${by ?? 'a member without an address'}, ${utcTime(at)}`;
}
