import { z } from 'zod';
import type { TextNode } from '../../../contract/card.ts';
import type { Command } from '../../../contract/command.ts';
import { actionButtons } from './action-buttons.ts';
import { by, filter, listed, looking, ofAgent, oneOf } from './query-defaults.ts';
import { code, joined, page, showList, spaced, text } from './show-list.ts';

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
  text(` ${joined(row.title ?? row.url ?? 'untitled', spaced(row.review_status ?? 'draft'), row.agent)}`),
];

const deliverables: Command = {
  ...looking,
  name: 'deliverables',
  aliases: [...listed('deliverables'), 'reviews'],
  title: 'Deliverables',
  summary: 'Lists what agents handed in and what waits for a review.',
  arguments: [
    ofAgent,
    oneOf('status', 'Only these', [
      'in_review',
      'all',
      'draft',
      'approved',
      'revision_requested',
      'rejected',
    ]),
    page,
  ],
  rank: 9,
  async run(asked) {
    const rows = await asked.house.hq.read(asked.said, 'deliverables', filter(asked.values), deliverable);
    await showList(asked, {
      command: 'deliverables',
      title: 'Deliverables',
      lines: rows.map(deliverableLine),
      none: 'Nothing waits for a review.',
      footer: 'deliverable ID shows one.',
    });
  },
};

const oneDeliverable: Command = {
  ...looking,
  name: 'deliverable',
  group: 'show',
  aliases: ['show deliverable', 'review'],
  title: 'One deliverable',
  summary: 'Shows what was handed in, to approve, send back or reject it.',
  arguments: [by('deliverable', 'deliverable', 'The deliverable’s id, or its first eight characters', true)],
  rank: 10,
  async run(asked) {
    const { said, house, values } = asked;
    const [row] = await house.hq.read(said, 'deliverable', { id: values.deliverable ?? '' }, deliverable);
    if (row === undefined) return;
    const isOpen = row.review_status === 'in_review';
    await asked.replace({
      title: row.title ?? 'Untitled deliverable',
      tone: row.review_status === 'approved' ? 'good' : isOpen ? 'warning' : 'neutral',
      state: spaced(row.review_status ?? 'draft'),
      fields: [
        { label: 'By', value: row.agent ?? 'nobody known' },
        ...(row.url ? [{ label: 'Where', value: row.url, wide: true }] : []),
        ...(row.review_note ? [{ label: 'Note', value: row.review_note, wide: true }] : []),
      ],
      buttons: isOpen
        ? actionButtons(
            asked,
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
