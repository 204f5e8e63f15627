import { roles } from '@hq/shared/actions';
import { type HqClient, readAnswer } from '@hq/shared/client';
import type { Database, Json } from '@hq/shared/database';
import { HqError } from '@hq/shared/errors';
import { type Backoff, backoffMs, sleep } from '@hq/shared/program';
import { commandRow } from '@hq/shared/rows';
import { z } from 'zod';
import type { Handle } from '../../contract/card.ts';
import { type Platform, platforms, type Sender } from '../../contract/inbound.ts';

const handle = z.record(z.string(), z.string());
const time = z.string();

const whoami = z.object({
  linked: z.boolean(),
  member: z.object({ email: z.string().nullable(), role: z.enum(roles).nullable() }).nullable(),
  channel: z.object({
    bound: z.boolean(),
    ceiling: z.enum(roles).nullish(),
    gateway: z.string().nullish(),
    agent: z.string().nullish(),
  }),
  /** The effective role here: the lower one of the member's and the channel's. */
  role: z.enum(roles).nullable(),
  actions: z.array(z.string()),
  tenant: z.string().nullish(),
});
export type Whoami = z.output<typeof whoami>;

const confirmation = z.object({
  token: z.string(),
  kind: z.enum(['button', 'typed', 'second']),
  expected: z.string().nullish(),
  prompt: z.string(),
  action: z.string().nullish(),
  /** The slug of the target gateway or agent. */
  target: z.string().nullish(),
  asked_by: z.string().nullish(),
  expires_at: time,
});
export type Confirmation = z.output<typeof confirmation>;

const decided = z.object({ by: z.string().nullable(), at: time, asked_by: z.string().nullish() });
const actResult = z.union([
  z.object({ confirm: confirmation }),
  z.object({
    command: commandRow,
    created: z.boolean().default(false),
    asked_by: z.string().nullish(),
    decided: decided.optional(),
  }),
]);
export type ActResult = z.output<typeof actResult>;
/** The stored answer to a repeated delivery; its token is gone once it has expired. */
const expiredQuestion = z
  .object({ confirm: confirmation.omit({ token: true }) })
  .transform(() => 'over' as const);
/** `prompt` is the question that was declined. */
const declined = z.object({ decided, prompt: z.string() });

const member = z
  .object({ member: z.object({ email: z.string().nullable() }) })
  .transform((answer) => answer.member);
const cancelled = z.object({ command: commandRow, asked_by: z.string().nullish() });
const nothing = z.unknown().transform(() => undefined);

const intent = z.object({
  command: z.string(),
  values: z.record(z.string(), z.string()),
  form: z.boolean().optional(),
  /** The content of the form when it opens again. */
  filled: z.record(z.string(), z.string()).optional(),
  /** The message whose button opened the form that the token comes back from. */
  message: handle.optional(),
});
export type Intent = z.output<typeof intent>;

const openCard = z.object({
  command_id: z.string(),
  platform: z.enum(platforms),
  install: z.string(),
  channel: z.string(),
  thread: z.string().nullable(),
  handle,
  shown: z.string(),
  closed: z.boolean().default(false),
});
type OpenCard = z.output<typeof openCard>;
const openCards = z
  .object({ cards: z.array(openCard.extend({ command: commandRow, asked_by: z.string().nullish() })) })
  .transform(({ cards }) => cards);

const openQuestion = z.object({
  id: z.string(),
  install: z.string(),
  channel: z.string(),
  thread: z.string().nullable(),
  kind: z.enum(['direct', 'group']).catch('group'),
  handle,
  title: z.string(),
  expires_at: time,
});
const openQuestions = z.object({ questions: z.array(openQuestion) }).transform(({ questions }) => questions);

/** The message of a confirmation. */
type StoredQuestion = { readonly token: string } & Pick<
  z.output<typeof openQuestion>,
  'thread' | 'kind' | 'handle' | 'title'
>;

export const alertFilter = z.object({
  severity: z.string().optional(),
  kinds: z.array(z.string()).optional(),
  agents: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
  quiet: z.object({ from: z.string(), to: z.string(), tz: z.string() }).optional(),
  digest_minutes: z.number().optional(),
});
export type AlertFilter = z.output<typeof alertFilter>;

const subscribedChannel = z.object({
  id: z.string(),
  platform: z.enum(platforms),
  install: z.string(),
  channel: z.string(),
  thread: z.string().nullish(),
  kind: z.enum(['direct', 'group']).catch('group'),
  filter: alertFilter.catch({}),
  created_at: z.string(),
  cursor: z.string().nullable(),
  messages: z.array(z.object({ key: z.string(), handle, open: z.boolean().default(true) })).default([]),
});
export type Subscription = z.output<typeof subscribedChannel>;

export interface AlertDelivery {
  readonly subscription_id: string;
  readonly cursor: string;
  readonly messages: readonly { readonly key: string; readonly handle: Handle; readonly open: boolean }[];
  /** The reason that ends the subscription. */
  readonly disabled?: string;
}

const heartbeatAnswer = z.object({ now: time, held: z.record(z.string(), z.boolean()) });

export interface StoredButton {
  readonly token: string;
  readonly platform: Platform;
  readonly install: string;
  readonly channel: string;
  /** Null: everybody with the permission. */
  readonly user: string | null;
  readonly intent: Intent;
  readonly seconds: number;
  readonly once: boolean;
}

/** The sender of a request and the key that identifies it when it comes again. */
export interface Delivery {
  readonly sender: Sender;
  readonly key: string;
}

type Functions = Database['public']['Functions'];
/** The arguments of a function besides the delivery; those of type `jsonb` have schemas of their own in SQL. */
type Arguments<Name extends keyof Functions> = {
  readonly [Key in keyof Omit<Functions[Name]['Args'], 'p_chat'>]: Json extends Functions[Name]['Args'][Key]
    ? unknown
    : Functions[Name]['Args'][Key];
};

export type ChatApi = ReturnType<typeof createChatApi>;

/**
 * The functions that chat may call. Requests of people carry their sender's identity, and the database decides. A
 * refusal is thrown as an `HqError` with its reason.
 */
export function createChatApi(client: HqClient) {
  async function call<Answer>(
    name: keyof Functions,
    args: object,
    answer: z.ZodType<Answer>,
  ): Promise<Answer> {
    // A function without a result returns null.
    const request = client.supabase.rpc(name, args).then((one) => ({ ...one, data: one.data ?? {} }));
    return readAnswer(answer, await client.ask<unknown>(request), client.host);
  }
  /** A function for requests of people. */
  const ask =
    <Name extends keyof Functions, Answer>(name: Name, answer: z.ZodType<Answer>) =>
    (delivery: Delivery, args: Arguments<Name>): Promise<Answer> =>
      call(name, { p_chat: chatOf(delivery), ...args }, answer);
  const act = ask('chat_act', z.union([actResult, expiredQuestion]));

  return {
    whoami: ask('chat_whoami', whoami),
    link: ask('chat_link', member),
    unlink: ask('chat_unlink', member),
    bind: ask('chat_bind', nothing),
    unbind: ask('chat_unbind', nothing),
    async act(...request: Parameters<typeof act>): Promise<ActResult> {
      const answer = await act(...request);
      if (answer !== 'over') return answer;
      throw new HqError('conflict', 'this question has expired', { hint: 'Ask for it again.' });
    },
    confirm: ask('chat_confirm', actResult),
    decline: ask('chat_decline', declined),
    cancel: ask('chat_cancel', cancelled),
    read: async <Row>(
      delivery: Delivery,
      what: string,
      args: object,
      row: z.ZodType<Row>,
    ): Promise<Row[]> => {
      const read = ask('chat_read', z.object({ rows: z.array(row) }));
      return (await read(delivery, { p_what: what, p_args: args })).rows;
    },
    /** Throws unless the sender may do this here; null asks for reading alone. */
    may: ask('chat_may', nothing),
    /** Refuses a sender who can never be linked, and audits the refusal. Always throws. */
    refuse: ask('chat_refuse', z.never()),
    press: ask(
      'chat_press',
      z.object({ intent }).transform((answer) => answer.intent),
    ),
    subscribe: ask('chat_subscribe', nothing),
    unsubscribe: ask('chat_unsubscribe', nothing),
    /** Throws unless the signed-in account is a chat bot of its tenant. Changes nothing. */
    check: () => call('chat_check', {}, nothing),
    storeButtons: (buttons: readonly StoredButton[]) =>
      call('chat_save_buttons', { p_rows: buttons }, nothing),
    storeCard: (card: OpenCard) => call('chat_save_card', { p_card: card }, nothing),
    openCards: (platform: Platform) => call('chat_open_cards', { p_platform: platform }, openCards),
    storeQuestion: (question: StoredQuestion) =>
      call('chat_save_question', { p_question: question }, nothing),
    forgetQuestion: (key: { readonly token: string } | { readonly id: string }) =>
      call('chat_save_question', { p_question: key }, nothing),
    openQuestions: (platform: Platform) =>
      call('chat_open_questions', { p_platform: platform }, openQuestions),
    subscriptions: (platform: Platform) =>
      call('chat_list_subscriptions', { p_platform: platform }, z.array(subscribedChannel)),
    recordAlerts(rows: readonly AlertDelivery[]) {
      // An empty cursor leaves the stored one.
      const known = rows.map(({ cursor, ...row }) => ({ ...row, ...(cursor !== '' && { cursor }) }));
      return call('chat_record_alerts', { p_rows: known }, nothing);
    },
    heartbeat: (holder: string, adapters: readonly object[]) =>
      call('chat_heartbeat', { p_holder: holder, p_adapters: adapters }, heartbeatAnswer),
  };
}

function chatOf({ sender, key }: Delivery): Record<string, string | null> {
  const { platform, install, user, channel: where, thread, kind, stranger } = sender;
  return {
    platform,
    install,
    user,
    channel: where,
    thread,
    kind,
    delivery: key,
    ...(stranger && { stranger }),
  };
}

/** True if a retry may succeed: the database did not answer. */
export function isUnreachable(error: unknown): error is HqError {
  return error instanceof HqError && (error.code === 'unreachable' || error.code === 'timed_out');
}

/** Repeats a request while the database does not answer, for so long or until the signal; then throws its error. */
export async function whileUnreachable<Answer>(
  request: () => Promise<Answer>,
  pause: Backoff,
  { limitMs, signal }: { readonly limitMs: number; readonly signal?: AbortSignal },
): Promise<Answer> {
  const until = performance.now() + limitMs;
  const isCancelled = (): boolean => signal?.aborted === true;
  for (let failures = 1; ; failures += 1) {
    try {
      return await request();
    } catch (error) {
      if (!isUnreachable(error) || performance.now() > until || isCancelled()) throw error;
      await sleep(backoffMs(failures, pause), signal);
      if (isCancelled()) throw error;
    }
  }
}
