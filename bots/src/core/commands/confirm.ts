import type { Command } from '../../contract/command.ts';
import { clock } from '../cards/clock.ts';
import { buttonArgument, buttonDefaults } from './button-defaults.ts';
import { showResult } from './run-action.ts';

const token = buttonArgument('token');

/** What the buttons of a confirmation say. Nobody types these. */
export const confirmCommands: readonly Command[] = [
  {
    ...buttonDefaults,
    name: 'confirm',
    title: 'Confirm',
    summary: 'Says yes to what was asked for.',
    arguments: [token],
    run: (context) => confirm(context, null),
  },
  {
    ...buttonDefaults,
    name: 'confirm_typed',
    title: 'Confirm by name',
    summary: 'Says yes by typing the name of what it is about.',
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
    summary: 'Says no to what was asked for.',
    arguments: [token],
    async run({ delivery, values, services, replace }) {
      const { prompt, decided } = await services.api.decline(delivery, values.token ?? '');
      const { by, at } = decided;
      await replace({
        title: prompt,
        tone: 'neutral',
        state: 'not done',
        stamp: `declined by ${by ?? 'somebody'}, ${clock(at)}`,
      });
    },
  },
];

async function confirm(context: Parameters<Command['run']>[0], typed: string | null): Promise<void> {
  const acted = await context.services.api.confirm(context.delivery, context.values.token ?? '', typed);
  const decided = 'decided' in acted ? acted.decided : undefined;
  await showResult(
    context,
    acted,
    decided === undefined ? {} : { stamp: `confirmed by ${decided.by ?? 'somebody'}, ${clock(decided.at)}` },
  );
}
