import type { InboxItemRow, TaskRow, UsageRow, Wait } from '@hq/shared/rows';
import type { Column } from '../table/column.ts';
import { ageColumn, column } from './column-kinds.ts';
import { slugIn } from './lookups.ts';
import type { RowContext } from './row-context.ts';
import { printedId } from './short-id.ts';

/** A task or an item with the reason why it waits. */
export type Waiting<Row> = Row & { readonly wait: Wait | null };

const words = (text: string): string => text.replaceAll('_', ' ');

const waits = column<{ readonly wait: Wait | null }>('WAITS', ({ wait }) => wait?.text ?? null, {
  tone: 'warn',
  cutTo: 16,
  placeholder: '–',
});

export function printedTaskColumns(
  rows: readonly Waiting<TaskRow>[],
  isNarrow: boolean,
): readonly Column<Waiting<TaskRow>, RowContext>[] {
  return [
    printedId(rows, isNarrow),
    column<TaskRow>('STATUS', ({ status }) => words(status)),
    column(
      'AGENT',
      ({ assignee_agent_id }: TaskRow, { lookups }: RowContext) => slugIn(lookups.agents, assignee_agent_id),
      {
        cutTo: 8,
        placeholder: 'nobody',
      },
    ),
    ageColumn<TaskRow>('AGE', ({ created_at }) => created_at, { align: 'right' }),
    column<TaskRow>('DUE', ({ due_date }) => due_date?.slice(0, 10) ?? null, { placeholder: '–' }),
    column<TaskRow>('TASK', ({ title }) => title ?? 'untitled', { tone: 'strong', cutTo: 16 }),
    waits,
  ];
}

export function printedItemColumns(
  rows: readonly Waiting<InboxItemRow>[],
  isNarrow: boolean,
): readonly Column<Waiting<InboxItemRow>, RowContext>[] {
  return [
    printedId(rows, isNarrow),
    column<InboxItemRow>('AGENT', ({ agent_slug }) => agent_slug, { cutTo: 8 }),
    column<InboxItemRow>('STATUS', ({ status }) => words(status)),
    column<InboxItemRow>('TRIES', ({ attempt_count, max_attempts }) => `${attempt_count}/${max_attempts}`, {
      align: 'right',
    }),
    ageColumn<InboxItemRow>('AGE', ({ created_at }) => created_at, { align: 'right' }),
    column<InboxItemRow>('WHAT', ({ summary, event_type }) => summary ?? words(event_type), {
      tone: 'strong',
      cutTo: 16,
    }),
    waits,
  ];
}

export const printedUsageColumns: readonly Column<UsageRow, RowContext>[] = [
  column<UsageRow>('AGENT', ({ agent }) => agent, { tone: 'strong', placeholder: 'gone' }),
  column<UsageRow>('MONTH USD', ({ cost_usd }) => cost_usd.toFixed(2), { align: 'right' }),
  column<UsageRow>('TODAY USD', ({ today_usd }) => today_usd.toFixed(2), { align: 'right' }),
  column<UsageRow>('LIMIT USD', ({ limit_usd }) => limit_usd?.toFixed(2) ?? null, {
    align: 'right',
    placeholder: 'none',
  }),
  column<UsageRow>('TOKENS', ({ tokens }) => String(tokens), { align: 'right' }),
  column<UsageRow>('RUNS', ({ runs }) => String(runs), { align: 'right' }),
  column<UsageRow>('BUDGET', ({ status }) => status, {
    tone: ({ status }) => (status === 'exceeded' ? 'bad' : status === 'warned' ? 'warn' : 'plain'),
  }),
];
