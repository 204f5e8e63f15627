import { roles } from '@hq/shared/actions';
import { type HqClient, readAnswer } from '@hq/shared/client';
import type { Database } from '@hq/shared/database';
import { HqError } from '@hq/shared/errors';
import { type CommandRow, commandRow } from '@hq/shared/rows';
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

const decided = z.object({ by: z.string().nullable(), at: time });
const actResult = z.union([
  z.object({ confirm: confirmation }),
  z.object({ command: commandRow, created: z.boolean().default(false), decided: decided.optional() }),
]);
export type ActResult = z.output<typeof actResult>;
/** The stored answer to a repeated delivery; its token is gone once it has expired. */
const expiredQuestion = z
  .object({ confirm: confirmation.omit({ token: true }) })
  .transform(() => 'over' as const);
/** `prompt` is the question that was declined. */
const declined = z.object({ decided, prompt: z.string() });
type Declined = z.output<typeof declined>;

const member = z.object({ member: z.object({ email: z.string().nullable(), role: z.string().nullish() }) });
const channel = z.object({
  channel: z.object({
    ceiling: z.string().nullish(),
    gateway: z.string().nullish(),
    agent: z.string().nullish(),
  }),
});
const intent = z.object({
  command: z.string(),
  values: z.record(z.string(), z.string()),
  form: z.boolean().optional(),
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
const openCardWithCommand = openCard.extend({ command: commandRow });

export const alertFilter = z.object({
  severity: z.string().optional(),
  kinds: z.array(z.string()).optional(),
  agents: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
  quiet: z.object({ from: z.string(), to: z.string(), tz: z.string() }).optional(),
  digest_minutes: z.number().optional(),
});
export type AlertFilter = z.output<typeof alertFilter>;
const subscription = z.object({ subscription: z.unknown() });

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

interface AdapterHeartbeat {
  readonly platform: Platform;
  readonly install: string | null;
  readonly fingerprint: string;
  readonly state: string;
  readonly detail: string | null;
  readonly last_inbound_at: string | null;
  readonly last_outbound_at: string | null;
}

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

/**
 * The functions that chat may call. Every request goes through here with its sender's identity, and the database
 * decides. A refusal is thrown as an `HqError` with its reason.
 */
export interface ChatApi {
  whoami(delivery: Delivery): Promise<Whoami>;
  link(delivery: Delivery, code: string): Promise<{ email: string | null }>;
  unlink(delivery: Delivery): Promise<{ email: string | null }>;
  bind(
    delivery: Delivery,
    to: { ceiling: string; gateway: string | null; agent: string | null },
  ): Promise<void>;
  unbind(delivery: Delivery): Promise<void>;
  act(
    delivery: Delivery,
    request: {
      readonly action: string;
      readonly payload: Readonly<Record<string, unknown>>;
      readonly gateway: string | null;
      readonly agent: string | null;
    },
  ): Promise<ActResult>;
  confirm(delivery: Delivery, token: string, typed: string | null): Promise<ActResult>;
  decline(delivery: Delivery, token: string): Promise<Declined>;
  cancel(delivery: Delivery, commandId: string): Promise<CommandRow>;
  read<Row>(
    delivery: Delivery,
    what: string,
    args: Readonly<Record<string, unknown>>,
    row: z.ZodType<Row>,
  ): Promise<Row[]>;
  /** Refuses a sender who can never be linked, and audits the refusal. Always throws. */
  refuse(delivery: Delivery): Promise<never>;
  /** Throws unless the signed-in account is a chat bot of its tenant. Changes nothing. */
  check(): Promise<void>;
  /** Throws unless the sender may do this here; null asks for reading alone. */
  may(delivery: Delivery, purpose: string | null): Promise<void>;
  storeButtons(buttons: readonly StoredButton[]): Promise<void>;
  press(delivery: Delivery, token: string): Promise<Intent>;
  storeCard(card: OpenCard): Promise<void>;
  openCards(platform: Platform): Promise<(OpenCard & { readonly command: CommandRow })[]>;
  subscribe(delivery: Delivery, filter: AlertFilter): Promise<void>;
  unsubscribe(delivery: Delivery): Promise<void>;
  subscriptions(platform: Platform): Promise<Subscription[]>;
  recordAlerts(rows: readonly AlertDelivery[]): Promise<void>;
  heartbeat(holder: string, adapters: readonly AdapterHeartbeat[]): Promise<z.output<typeof heartbeatAnswer>>;
}

type FunctionName = keyof Database['public']['Functions'];

export function createChatApi(client: HqClient): ChatApi {
  async function call<Result>(name: FunctionName, args: object, schema: z.ZodType<Result>): Promise<Result> {
    // A function without a result returns null.
    const request = client.supabase
      .rpc(name, args)
      .then((answer) => ({ ...answer, data: answer.data ?? {} }));
    return readAnswer(schema, await client.ask<unknown>(request), client.host);
  }
  const ask = <Result>(
    name: FunctionName,
    delivery: Delivery,
    args: object,
    schema: z.ZodType<Result>,
  ): Promise<Result> => call(name, { p_chat: chatOf(delivery), ...args }, schema);

  return {
    whoami: (delivery) => ask('chat_whoami', delivery, {}, whoami),
    link: async (delivery, code) => (await ask('chat_link', delivery, { p_code: code }, member)).member,
    unlink: async (delivery) => (await ask('chat_unlink', delivery, {}, member)).member,
    bind: async (delivery, { ceiling, gateway, agent }) => {
      await ask('chat_bind', delivery, { p_ceiling: ceiling, p_gateway: gateway, p_agent: agent }, channel);
    },
    unbind: async (delivery) => {
      await ask('chat_unbind', delivery, {}, z.looseObject({}));
    },
    act: async (delivery, { action, payload, gateway, agent }) => {
      const args = { p_action: action, p_payload: payload, p_gateway: gateway, p_agent: agent };
      const answer = await ask('chat_act', delivery, args, z.union([actResult, expiredQuestion]));
      if (answer !== 'over') return answer;
      throw new HqError('conflict', 'this question has expired', { hint: 'Ask for it again.' });
    },
    confirm: (delivery, token, typed) =>
      ask('chat_confirm', delivery, { p_token: token, p_typed: typed }, actResult),
    decline: (delivery, token) => ask('chat_decline', delivery, { p_token: token }, declined),
    cancel: async (delivery, id) =>
      (await ask('chat_cancel', delivery, { p_command_id: id }, z.object({ command: commandRow }))).command,
    read: async (delivery, what, args, row) =>
      (await ask('chat_read', delivery, { p_what: what, p_args: args }, z.object({ rows: z.array(row) })))
        .rows,
    may: async (delivery, purpose) => {
      await ask('chat_may', delivery, { p_for: purpose }, z.unknown());
    },
    refuse: (delivery) => ask('chat_refuse', delivery, {}, z.never()),
    check: async () => {
      await call('chat_check', {}, z.unknown());
    },
    storeButtons: async (buttons) => {
      await call('chat_save_buttons', { p_rows: buttons }, z.unknown());
    },
    press: async (delivery, token) =>
      (await ask('chat_press', delivery, { p_token: token }, z.object({ intent }))).intent,
    storeCard: async (card) => {
      await call('chat_save_card', { p_card: card }, z.unknown());
    },
    openCards: async (platform) =>
      (
        await call(
          'chat_open_cards',
          { p_platform: platform },
          z.object({ cards: z.array(openCardWithCommand) }),
        )
      ).cards,
    subscribe: async (delivery, wanted) => {
      await ask('chat_subscribe', delivery, { p_filter: wanted }, subscription);
    },
    unsubscribe: async (delivery) => {
      await ask('chat_unsubscribe', delivery, {}, z.looseObject({}));
    },
    subscriptions: (platform) =>
      call('chat_list_subscriptions', { p_platform: platform }, z.array(subscribedChannel)),
    recordAlerts: async (rows) => {
      // An empty cursor leaves the stored one.
      const known = rows.map(({ cursor, ...row }) => ({ ...row, ...(cursor !== '' && { cursor }) }));
      await call('chat_record_alerts', { p_rows: known }, z.unknown());
    },
    heartbeat: (holder, adapters) =>
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
