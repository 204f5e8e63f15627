import type { NeedRow } from '@hq/shared/rows';
import type { Column, Table } from '../table/column.ts';
import { ageColumn, column } from './column-kinds.ts';
import type { RowContext } from './row-context.ts';
import { printedId } from './short-id.ts';

const words: Readonly<Record<string, string>> = {
  question: 'question',
  allow_host: 'host',
  deliverable: 'review',
  pairing: 'pairing',
  dead_letter: 'failed item',
  budget: 'budget',
};

/** Returns the kind as people read it. */
export const needWord = ({ kind }: Pick<NeedRow, 'kind'>): string => words[kind] ?? kind.replaceAll('_', ' ');

const kind = column<NeedRow>('KIND', needWord, { tone: 'warn', width: { min: 11 } });
const agent = column<NeedRow>('AGENT', (need) => need.agent, { width: { min: 6, max: 16 }, cutTo: 6 });
const title = column<NeedRow>('WHAT', (need) => need.title, {
  tone: 'strong',
  width: { min: 24, flex: 3 },
  cutTo: 16,
});
const detail = column<NeedRow>('MORE', (need) => need.detail ?? need.choices.join(' / '), {
  tone: 'dim',
  width: { min: 16, flex: 2 },
  dropOrder: 1,
  cutTo: 10,
});
const since = ageColumn<NeedRow>('SINCE', (need) => need.since, { width: { min: 7 } });

export const needsTable: Table<NeedRow, RowContext> = {
  mark: () => ({ mark: 'warn', tone: 'warn' }),
  searched: (need) => [needWord(need), need.agent, need.title, need.detail],
  columns: [kind, since, agent, title, detail],
};

export function printedNeedColumns(
  rows: readonly NeedRow[],
  isNarrow: boolean,
): readonly Column<NeedRow, RowContext>[] {
  return [printedId(rows, isNarrow), kind, { ...since, header: 'AGE', align: 'right' }, agent, title, detail];
}
