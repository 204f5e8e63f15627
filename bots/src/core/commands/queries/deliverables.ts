import { z } from 'zod';
import type { TextNode } from '../../../contract/card.ts';
import type { Command } from '../command.ts';
import { actionButtons } from './action-buttons.ts';
import { listCommand } from './list-command.ts';
import { agentArgument, choiceArgument, listAliases, queryDefaults, textArgument } from './query-defaults.ts';
import { code, humanize, joinParts, text } from './show-list.ts';

export const deliverable = z.object({
  id: z.string(),
  title: z.string().nullable(),
  url: z.string().nullish(),
  review_status: z.string().nullable(),
  review_note: z.string().nullish(),
  agent: z.string().nullish(),
  created_at: z.string(),
});

export const deliverableLine = (row: z.output<typeof deliverable>): TextNode[] => [
  code(row.id.slice(0, 8)),
  text(
    ` ${joinParts(row.title ?? row.url ?? 'untitled', humanize(row.review_status ?? 'draft'), row.agent)}`,
  ),
];

const deliverables = listCommand({
  name: 'deliverables',
  aliases: [...listAliases('deliverables'), 'reviews'],
  title: 'Deliverables',
  summary: 'Lists the deliverables of agents and those that wait for a review.',
  arguments: [
    agentArgument,
    choiceArgument('status', 'Only these', [
      'in_review',
      'all',
      'draft',
      'approved',
      'revision_requested',
      'rejected',
    ]),
  ],
  rank: 9,
  row: deliverable,
  line: deliverableLine,
  emptyText: 'Nothing waits for a review.',
  footer: 'deliverable ID shows one.',
});

const oneDeliverable: Command = {
  ...queryDefaults,
  name: 'deliverable',
  group: 'show',
  aliases: ['show deliverable', 'review'],
  title: 'One deliverable',
  summary: 'Shows a deliverable, to approve, return or reject it.',
  arguments: [
    textArgument('deliverable', 'deliverable', 'The deliverable’s id, or its first eight characters', true),
  ],
  rank: 10,
  async run(context) {
    const { delivery, services, values } = context;
    const [row] = await services.api.read(
      delivery,
      'deliverable',
      { id: values.deliverable ?? '' },
      deliverable,
    );
    if (row === undefined) return;
    const isOpen = row.review_status === 'in_review';
    await context.responder.replace({
      title: row.title ?? 'Untitled deliverable',
      tone: row.review_status === 'approved' ? 'good' : isOpen ? 'warning' : 'neutral',
      state: humanize(row.review_status ?? 'draft'),
      fields: [
        { label: 'By', value: row.agent ?? 'nobody known' },
        ...(row.url ? [{ label: 'Where', value: row.url, wide: true }] : []),
        ...(row.review_note ? [{ label: 'Note', value: row.review_note, wide: true }] : []),
      ],
      buttons: isOpen
        ? actionButtons(
            context,
            [
              ['Approve', 'approve_deliverable'],
              ['Request a revision', 'request_revision'],
              ['Reject', 'reject_deliverable'],
            ],
            { deliverable: row.id },
          )
        : [],
      footer: row.id,
    });
  },
};

export const deliverableCommands: readonly Command[] = [deliverables, oneDeliverable];
