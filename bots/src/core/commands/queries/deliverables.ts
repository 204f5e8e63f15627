import { z } from 'zod';
import { code, fieldsOf, shortId } from '../../cards/card-parts.ts';
import { agentArgument, humanize, idArgument, statusArgument } from '../arguments.ts';
import type { Command } from '../command.ts';
import { actionButtons } from './action-buttons.ts';
import { listCommand } from './list-command.ts';
import { recordCommand } from './record-command.ts';

export const deliverable = z.object({
  id: z.string(),
  title: z.string().nullable(),
  url: z.string().nullish(),
  review_status: z
    .string()
    .nullable()
    .transform((status) => status ?? 'draft'),
  review_note: z.string().nullish(),
  agent: z.string().nullish(),
});

export const deliverableEntry = ({ id, title, url, review_status, agent }: z.output<typeof deliverable>) =>
  [code(shortId(id)), title ?? url ?? 'untitled', humanize(review_status), agent] as const;

const tones = { approved: 'good', in_review: 'warning' } as const;

export const deliverableCommands: readonly Command[] = [
  listCommand({
    name: 'deliverables',
    aliases: ['reviews'],
    title: 'Deliverables',
    summary: 'Lists the deliverables of agents and those that wait for a review.',
    arguments: [
      agentArgument(),
      statusArgument('in_review', 'all', 'draft', 'approved', 'revision_requested', 'rejected'),
    ],
    rank: 9,
    row: deliverable,
    entry: deliverableEntry,
    emptyText: 'Nothing waits for a review.',
    footer: '`deliverable ID` shows one.',
  }),
  recordCommand({
    name: 'deliverable',
    aliases: ['review'],
    title: 'One deliverable',
    summary: 'Shows a deliverable, to approve, return or reject it.',
    arguments: [idArgument('deliverable')],
    rank: 10,
    row: deliverable,
    card: ({ id, title, url, review_status: status, review_note, agent }, context) => ({
      title: title ?? 'Untitled deliverable',
      tone: status === 'approved' || status === 'in_review' ? tones[status] : 'neutral',
      state: humanize(status),
      fields: fieldsOf(
        ['By', agent ?? 'nobody known'],
        ['Where', url, 'wide'],
        ['Note', review_note, 'wide'],
      ),
      buttons:
        status === 'in_review'
          ? actionButtons(
              context,
              { deliverable: id },
              ['Approve', 'approve_deliverable'],
              ['Request a revision', 'request_revision'],
              ['Reject', 'reject_deliverable'],
            )
          : [],
      footer: id,
    }),
  }),
];
