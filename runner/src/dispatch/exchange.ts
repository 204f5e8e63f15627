import { z } from 'zod';

/** Limits of the dispatcher that an operator may set, in the names of the database. */
export interface DispatchLimits {
  readonly max_concurrent_wakes: number;
  /** Seconds. */
  readonly wake_cooldown: number;
  /** Seconds. */
  readonly max_wake_cooldown: number;
  readonly max_consecutive_failures: number;
  /** Seconds. */
  readonly agent_process_timeout: number;
  readonly stale_item_age_hours: number;
}

/** Tool and words of an agent in its turn. */
export interface TurnActivity {
  readonly tool: string | null;
  /** End of what it says. */
  readonly text: string | null;
  readonly model: string | null;
}

/** End of a turn, as the database takes it. docs/agents.md says what each outcome means for the item. */
export interface TurnOutcome {
  readonly outcome: 'done' | 'failed' | 'released' | 'held' | 'aborted';
  readonly text?: string;
  readonly error?: string;
  readonly hint?: string;
  readonly tokens?: number;
  readonly cost_usd?: number;
  readonly duration_ms?: number;
  readonly hold_seconds?: number;
  readonly hold_reason?: string;
}

export interface TurnReport extends TurnOutcome {
  readonly token: string;
}

/** One request of the dispatcher: everything that waits to be sent, and how many turns may begin. */
export interface DispatchRequest {
  readonly runner: string;
  readonly claim: number;
  readonly lease_seconds: number;
  readonly renew: readonly { readonly token: string; readonly activity?: TurnActivity }[];
  readonly results: readonly TurnReport[];
  /** True takes over turns whose runner is gone, and turns of this runner that it does not name. */
  readonly adopt: boolean;
  readonly settings: DispatchLimits;
}

const text = z.string().nullish();

const inboxItem = z.looseObject({
  id: z.string(),
  event: z.string(),
  summary: text,
  attempt: z.number().nullish(),
  context: z.record(z.string(), z.unknown()).nullish(),
  task: z
    .object({
      id: z.string(),
      title: text,
      description: text,
      status: text,
      priority: text,
      due: text,
    })
    .nullish(),
  comment: z.object({ id: z.string(), body: text, by: z.unknown() }).nullish(),
  deliverable: z
    .object({ id: z.string(), label: text, url: text, review_status: text, review_note: text })
    .nullish(),
});
export type InboxItem = z.output<typeof inboxItem>;

const leasedTurn = z.object({
  item_id: z.string().nullable(),
  token: z.string(),
  attempt: z.number().nullable(),
  agent_id: z.string(),
  agent_slug: z.string(),
  session_key: z.string(),
  run_id: z.string(),
  model: text,
  thinking: text,
  timeout_seconds: z.number().positive(),
  /** Null where the item is gone meanwhile. */
  item: inboxItem.nullish(),
});
/** A turn of an agent while this runner holds its lease. */
export type LeasedTurn = z.output<typeof leasedTurn>;

export const dispatchResponse = z.object({
  /** Turns to begin. */
  claimed: z.array(leasedTurn),
  /** Turns that may run already: OpenClaw is asked before anything begins. */
  adopted: z.array(leasedTurn),
  lost: z.array(z.string()),
  cancel: z.array(z.object({ token: z.string(), reason: z.string() })),
  /** Milliseconds until a waiting agent may wake, or a lease of another runner ends. */
  next_in_ms: z.number().nullish(),
  dispatch_version: z.number().nullish(),
});
export type DispatchResponse = z.output<typeof dispatchResponse>;
