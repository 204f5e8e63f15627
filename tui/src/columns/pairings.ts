import { isWaiting, type PairingRow } from '@hq/shared/rows';
import { age } from '@hq/shared/text';
import type { Column, Table } from '../table/column.ts';
import { ageColumn, column, epochOf, stateColumn } from './column-kinds.ts';
import type { StateLabel } from './command-state.ts';
import type { RowContext } from './row-context.ts';

function pairingState(pairing: PairingRow, { now }: Pick<RowContext, 'now'>): StateLabel {
  if (pairing.status === 'approved') return { word: 'approved', mark: 'good', tone: 'good' };
  return isWaiting(pairing, now)
    ? { word: 'waits', mark: 'warn', tone: 'warn' }
    : { word: 'expired', mark: 'off', tone: 'off' };
}

function agentSlug({ agent_id, account }: PairingRow, { lookups }: RowContext): string {
  return lookups.agents.get(agent_id)?.slug ?? account;
}

const who = column<PairingRow>('WHO', ({ sender }) => sender, {
  tone: 'strong',
  width: { min: 12, max: 24, flex: 1 },
  cutTo: 10,
});
/** Anybody may take any name, so it is never shown without the platform's id. */
const name = column<PairingRow>('NAME', ({ sender_name }) => sender_name, {
  width: { min: 10, max: 30, flex: 1 },
  cutTo: 6,
  placeholder: '–',
});
const agent = column<PairingRow>('AGENT', agentSlug, { width: { min: 12, max: 30, flex: 1 }, cutTo: 8 });
const channel = column<PairingRow>('CHANNEL', (pairing) => pairing.channel, { width: { min: 9 } });
const code = column<PairingRow>('CODE', (pairing) => pairing.code, { width: { min: 10 } });
const state = stateColumn<PairingRow>(pairingState, { width: { min: 9 } });
const asked = ageColumn<PairingRow>('ASKED', (pairing) => pairing.created_at, { width: { min: 8 } });
const left = column<PairingRow>(
  'LEFT',
  (pairing, { now }) => (isWaiting(pairing, now) ? age(Date.parse(pairing.expires_at) - now) : null),
  { width: { min: 7 }, dropOrder: 1, placeholder: '–', sortKey: (pairing) => epochOf(pairing.expires_at) },
);

export const pairingsTable: Table<PairingRow, RowContext> = {
  mark: pairingState,
  searched: (pairing, context) => [
    pairing.sender_name,
    pairing.sender,
    agentSlug(pairing, context),
    pairing.channel,
    pairing.code,
  ],
  columns: [who, name, agent, channel, code, asked, left],
};

export const printedPairingColumns: readonly Column<PairingRow, RowContext>[] = [
  agent,
  who,
  name,
  { ...state, header: 'STATUS' },
  channel,
  code,
  { ...asked, align: 'right' },
  { ...left, align: 'right' },
];
