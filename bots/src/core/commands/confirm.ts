import type { Command } from '../../contract/command.ts';
import { clock } from '../cards/clock.ts';
import { brings, unspoken } from './button-defaults.ts';
import { showActed } from './run-action.ts';

const token = brings('token');

/** What the buttons of a confirmation say. Nobody types these. */
export const deciding: readonly Command[] = [
  {
    ...unspoken,
    name: 'confirm',
    title: 'Confirm',
    summary: 'Says yes to what was asked for.',
    arguments: [token],
    run: (asked) => confirm(asked, null),
  },
  {
    ...unspoken,
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
    run: (asked) => confirm(asked, asked.values.typed ?? ''),
  },
  {
    ...unspoken,
    name: 'decline',
    title: 'Decline',
    summary: 'Says no to what was asked for.',
    arguments: [token],
    async run({ said, values, house, replace }) {
      const { prompt, decided } = await house.hq.decline(said, values.token ?? '');
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

async function confirm(asked: Parameters<Command['run']>[0], typed: string | null): Promise<void> {
  const acted = await asked.house.hq.confirm(asked.said, asked.values.token ?? '', typed);
  const decided = 'decided' in acted ? acted.decided : undefined;
  await showActed(
    asked,
    acted,
    decided === undefined ? {} : { stamp: `confirmed by ${decided.by ?? 'somebody'}, ${clock(decided.at)}` },
  );
}
