import { listScreen } from '../app/list-screen.tsx';
import { auditTable } from '../columns/audit.ts';

export const auditScreen = listScreen({
  name: 'audit',
  tab: { title: 'Audit', aliases: ['log'], summary: 'Who did what' },
  crumb: () => 'Audit',
  keys: [],
  on: () => ({}),
  table: auditTable,
  sort: { column: 'WHEN', descending: true },
  useFeed: ({ session }) => session.audit,
  copyText: ({ row }) => row?.summary ?? row?.action,
  whenEmpty: ['Nothing was done yet.'],
});
