import { utcTime } from '@hq/shared/text';
import { buttonArgument, buttonDefaults } from './button-defaults.ts';
import type { Command, CommandContext } from './command.ts';
import { showResult } from './run-action.ts';

const token = buttonArgument('token');

/** The commands of a confirmation's buttons. Nobody types them. */
export const confirmCommands: readonly Command[] = [
  {
    ...buttonDefaults,
    name: 'confirm',
    title: 'Confirm',
    summary: 'Confirms a request.',
    arguments: [token],
    run: (context) => confirm(context, null),
  },
  {
    ...buttonDefaults,
    name: 'confirm_typed',
    title: 'Confirm by name',
    summary: 'Confirms a request by the name of its target.',
    arguments: [
      token,
      {
        name: 'typed',
        summary: 'The name, as it is shown',
        kind: 'text',
        required: true,
        completion: null,
        maxLength: 200,
      },
    ],
    run: (context) => confirm(context, context.values.typed ?? ''),
  },
  {
    ...buttonDefaults,
    name: 'decline',
    title: 'Decline',
    summary: 'Declines a request.',
    arguments: [token],
    async run({ delivery, values, services, responder }) {
      const { prompt, decided } = await services.api.decline(delivery, values.token ?? '');
      const { by, at } = decided;
      await responder.replace({
        title: prompt,
        tone: 'neutral',
        state: 'not done',
        stamp: `declined by ${by ?? 'somebody'}, ${utcTime(at)}`,
      });
    },
  },
];

async function confirm(context: CommandContext, typed: string | null): Promise<undefined> {
  const result = await context.services.api.confirm(context.delivery, context.values.token ?? '', typed);
  const decided = 'decided' in result ? result.decided : undefined;
  await showResult(
    context,
    result,
    decided === undefined
      ? {}
      : { stamp: `confirmed by ${decided.by ?? 'somebody'}, ${utcTime(decided.at)}` },
  );
}
