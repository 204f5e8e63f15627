import { z } from 'zod';
import { defineAction } from '../action.ts';
import { entity, idOf, onWorkspace, shortId, text } from './payload-parts.ts';

const note = (title: string, description: string) => text(4000).meta({ title, description });
const deliverable = () => z.object({ ...entity(), review_status: z.string() });

function describeDeliverable(row: z.output<ReturnType<typeof deliverable>>): string {
  return `${row.review_status.replaceAll('_', ' ')}: ${row.title} (${shortId(row.id)})`;
}

const review = {
  ...onWorkspace,
  about: 'deliverable',
  result: deliverable,
  describe: describeDeliverable,
} as const;

/** Reviews of deliverables. */
export const deliverableActions = {
  approve_deliverable: defineAction({
    ...review,
    title: 'Approve a deliverable',
    summary: 'Approves a deliverable.',
    payload: () =>
      z.strictObject({
        deliverable: idOf('deliverable'),
        note: note('Note', 'A note for the agent').optional(),
      }),
  }),
  request_revision: defineAction({
    ...review,
    title: 'Request a revision',
    summary: 'Sends a deliverable back for changes.',
    payload: () =>
      z.strictObject({
        deliverable: idOf('deliverable'),
        note: note('Changes', 'The changes to make'),
      }),
  }),
  reject_deliverable: defineAction({
    ...review,
    title: 'Reject a deliverable',
    summary: 'Rejects a deliverable for good.',
    payload: () =>
      z.strictObject({
        deliverable: idOf('deliverable'),
        note: note('Reason', 'The reason for the rejection'),
      }),
  }),
} as const;
