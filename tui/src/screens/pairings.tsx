import { isWaiting } from '@hq/shared/rows';
import { useMemo } from 'react';
import { listScreen } from '../app/list-screen.tsx';
import { useRows } from '../app/ui.ts';
import { pairingsTable } from '../columns/pairings.ts';
import { type Binding, withRow } from '../keys/binding.ts';

const keys = [
  {
    does: 'approve',
    keys: ['a'],
    short: 'approve',
    about: 'let the person write to the agent',
    writes: true,
  },
] as const satisfies readonly Binding[];

/** Everybody who wrote to an agent and waits for an operator. */
export const pairingsScreen = listScreen({
  name: 'pairings',
  crumb: () => 'Pairings',
  keys,
  on: ({ ui: { commands }, row }, gateway) => ({
    approve: withRow(row, ({ id, channel }) =>
      // The id and not the code: viewers read the payloads of commands.
      commands.start({ action: 'approve_pairing', payload: { pairing_code: id, channel }, gateway }),
    ),
  }),
  table: pairingsTable,
  sort: { column: 'ASKED', descending: true },
  useRows({ session }, _route, { now }) {
    const all = useRows(session.pairings);
    // A code expires without a change of its row.
    const minute = Math.floor(now / 10_000);
    return useMemo(() => all.filter((pairing) => isWaiting(pairing, minute * 10_000)), [all, minute]);
  },
  open: ({ agent_id }, { router }) => router.open('agent', agent_id),
  copyText: ({ row }) => row?.code,
  gateway: ({ row, context }) => context.lookups.gateways.get(row?.gateway_id ?? ''),
  whenEmpty: ['Nobody waits for an approval.', 'Codes are shown to operators and admins alone.'],
});
