import { z } from 'zod';
import { defineAction } from '../action.ts';
import { byDatabase, entity, idOf, shortId, text } from './payload-parts.ts';

const note = (title: string, description: string) => text(4000).meta({ title, description });
const deliverable = () => z.object({ ...entity(), review_status: z.string() });

function describeDeliverable(row: z.output<ReturnType<typeof deliverable>>): string {
  return `${row.review_status.replaceAll('_', ' ')}: ${row.title} (${shortId(row.id)})`;
}

/** Reviews of deliverables. */
export const deliverableActions = {
  approve_deliverable: defineAction({
    ...byDatabase,
    title: 'Approve a deliverable',
    summary: 'Approves a deliverable.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        deliverable: idOf('deliverable'),
        note: note('Note', 'A note for the agent').optional(),
      }),
    result: deliverable,
    describe: describeDeliverable,
  }),
  request_revision: defineAction({
    ...byDatabase,
    title: 'Request a revision',
    summary: 'Sends a deliverable back for changes.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        deliverable: idOf('deliverable'),
        note: note('Changes', 'The changes to make'),
      }),
    result: deliverable,
    describe: describeDeliverable,
  }),
  reject_deliverable: defineAction({
    ...byDatabase,
    title: 'Reject a deliverable',
    summary: 'Rejects a deliverable for good.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        deliverable: idOf('deliverable'),
        note: note('Reason', 'The reason for the rejection'),
      }),
    result: deliverable,
    describe: describeDeliverable,
  }),
} as const;
