import type { AuditRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { clockTime } from '../ages.ts';
import { whoAsked } from '../people.ts';
import type { Table } from '../table.ts';
import type { State } from '../told.ts';
import type { Context } from '../view.ts';

const quiet: State = { word: '', mark: 'none', tone: 'dim' };
const refused: State = { word: 'refused', mark: 'warn', tone: 'warn' };

function entryState({ action }: AuditRow): State {
  return /refused|denied/.test(action) ? refused : quiet;
}

function whoDid(entry: AuditRow, { member, survey }: Context): string {
  if (entry.actor_agent_id !== null) {
    return plain(survey.agents.get(entry.actor_agent_id)?.slug ?? entry.actor_agent_id.slice(0, 8));
  }
  if (entry.actor_user_id !== null) return whoAsked(entry.actor_user_id, member);
  return plain(entry.actor_type);
}

export const auditTable: Table<AuditRow, Context> = {
  id: ({ id }) => id,
  mark: entryState,
  text: (entry, context) =>
    [whoDid(entry, context), entry.action, entry.summary ?? '', entry.entity_type ?? ''].map(plain).join(' '),
  columns: [
    {
      key: 'when',
      title: 'WHEN',
      width: 16,
      giveWay: 0,
      cell: ({ created_at }, { now }) => ({ text: clockTime(created_at, now), tone: 'dim' }),
      order: ({ created_at }) => Date.parse(created_at),
    },
    {
      key: 'who',
      title: 'WHO',
      width: 10,
      grow: 1,
      max: 20,
      giveWay: 0,
      cell: (entry, context) => ({ text: whoDid(entry, context) }),
    },
    {
      key: 'action',
      title: 'DID',
      width: 20,
      grow: 1,
      max: 30,
      giveWay: 0,
      cell: (entry) => ({
        text: plain(entry.action),
        tone: entryState(entry) === refused ? 'warn' : 'strong',
      }),
    },
    {
      key: 'what',
      title: 'WHAT',
      width: 20,
      grow: 5,
      giveWay: 1,
      cell: ({ summary }) => ({ text: plain(summary ?? '') }),
    },
    {
      key: 'entity',
      title: 'ON',
      width: 14,
      giveWay: 2,
      cell: ({ entity_type }) => ({ text: plain(entity_type ?? ''), tone: 'dim' }),
    },
  ],
};
