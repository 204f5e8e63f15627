import { z } from 'zod';

/** An action that settles a need, with what is known of its payload. */
export const offeredAction = z.object({
  action: z.string(),
  title: z.string(),
  payload: z.record(z.string(), z.unknown()),
  /** The slug of the agent or gateway that it needs. */
  agent: z.string().nullable(),
  gateway: z.string().nullable(),
  /** True if the role of the reader suffices. */
  allowed: z.boolean(),
});
export type OfferedAction = z.output<typeof offeredAction>;

/** Something that waits for a person. The function `needs_you` lists them. */
export const needRow = z.object({
  id: z.string(),
  /** `question`, `allow_host`, `deliverable`, `pairing`, `dead_letter`, `budget`, or one of a later version. */
  kind: z.string(),
  agent: z.string().nullable(),
  title: z.string(),
  detail: z.string().nullable(),
  since: z.string(),
  expires_at: z.string().nullable(),
  choices: z.array(z.string()),
  free_text: z.boolean(),
  actions: z.array(offeredAction),
});
export type NeedRow = z.output<typeof needRow>;

/** The outcome of a question. */
export const questionRow = z.object({
  id: z.string(),
  status: z.string(),
  answer: z.string().nullable(),
  answered_by: z.string().nullable(),
});
export type QuestionRow = z.output<typeof questionRow>;
