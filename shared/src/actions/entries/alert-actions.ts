import { z } from 'zod';
import { defineAction } from '../action.ts';
import { entity, idOf, onWorkspace } from './payload-parts.ts';

/** Actions on alerts. */
export const alertActions = {
  acknowledge_alert: defineAction({
    ...onWorkspace,
    title: 'Acknowledge an alert',
    summary: 'Marks an alert as seen.',
    payload: () => z.strictObject({ alert: idOf('alert') }),
    result: () => z.object(entity()),
    describe: (row) => `seen: ${row.title}`,
  }),
  mute_alert: defineAction({
    ...onWorkspace,
    title: 'Mute an alert',
    summary: 'Silences alerts of this kind about the same thing for a while. They are still recorded.',
    payload: () =>
      z.strictObject({
        alert: idOf('alert'),
        minutes: z
          .int()
          .min(1)
          .max(10_080)
          .default(60)
          .describe('Minutes of silence, at most a week (10080)'),
      }),
    result: () => z.object({ ...entity(), until: z.string() }),
    describe: (row) => `muted until ${row.until}: ${row.title}`,
  }),
} as const;
