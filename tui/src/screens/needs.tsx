import type { NeedRow } from '@hq/shared/rows';
import { listScreen } from '../app/list-screen.tsx';
import { type Ui, useRows } from '../app/ui.ts';
import { needsTable } from '../columns/needs.ts';
import { NeedDialog } from '../dialogs/need-dialog.tsx';

const keys = [] as const;

/** Everything that waits for a person. Enter decides. */
export const needsScreen = listScreen({
  name: 'needs',
  tab: { title: 'Needs', aliases: ['questions', 'waiting'], summary: 'What waits for you' },
  crumb: () => 'Needs you',
  keys,
  on: () => ({}),
  table: needsTable,
  sort: { column: 'SINCE', descending: false },
  useRows: ({ session }) => useRows(session.needs),
  open: openNeed,
  copyText: ({ row }) => row?.id,
  gateway: () => null,
  whenEmpty: ['Nothing waits for you.', 'Questions of agents, reviews and failed items come here.'],
});

function openNeed(need: NeedRow, ui: Ui): void {
  ui.overlays.open((close) => (
    <NeedDialog need={need} onAnswer={(answer, text) => ui.needs.decide(answer, text)} onClose={close} />
  ));
}
