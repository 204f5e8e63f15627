import type { ReactNode } from 'react';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { useIsLoading, useRowContext, useRows, useUi } from '../app/ui.ts';
import { auditTable } from '../columns/audit.ts';
import { useList } from '../widgets/list.ts';
import { Table } from '../widgets/table.tsx';

export const auditScreen: Screen = {
  name: 'audit',
  tab: { title: 'Audit', aliases: ['log'], summary: 'Who did what' },
  isList: true,
  keys: [],
  crumb: () => 'Audit',
  Component: Audit,
};

function Audit(): ReactNode {
  const ui = useUi();
  const size = useBodySize();
  const list = useList(ui.list('audit'), auditTable, useRows(ui.session.audit), useRowContext(), {
    sort: { column: 'when', descending: true },
  });
  const entry = list.selected;
  return (
    <ScreenFrame keys={[]} on={{}} list={list} copyText={entry?.summary ?? entry?.action ?? null}>
      <Table list={list} {...size} whenEmpty={useIsLoading() ? ['Reading'] : ['Nothing was done yet.']} />
    </ScreenFrame>
  );
}
