import type { Attention } from '@hq/shared/fleet';
import type { Column } from '../table/column.ts';

export const printedAttentionColumns: readonly Column<Attention, unknown>[] = [
  { key: 'name', header: 'WHAT', value: ({ name }) => name, tone: 'bad', cutTo: 16 },
  { key: 'reason', header: 'WHY', value: ({ reason }) => reason, cutTo: 16 },
];
