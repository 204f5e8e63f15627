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

interface ActionRequest {
  readonly action: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly gateway: string | null;
  readonly agent: string | null;
}

/** The sender of a request and the key that identifies it when it comes again. */
export interface Delivery {
  readonly sender: Sender;
  readonly key: string;
}

type FunctionName = keyof Database['public']['Functions'];

/**
 * The functions that chat may call. Every request goes through here with its sender's identity, and the database
 * decides. A refusal is thrown as an `HqError` with its reason.
 */
export class ChatApi {
  readonly #client: HqClient;

  constructor(client: HqClient) {
    this.#client = client;
  }

  whoami(delivery: Delivery): Promise<Whoami> {
    return this.#ask('chat_whoami', delivery, {}, whoami);
  }

  async link(delivery: Delivery, code: string): Promise<{ email: string | null }> {
    return (await this.#ask('chat_link', delivery, { p_code: code }, member)).member;
  }

  async unlink(delivery: Delivery): Promise<{ email: string | null }> {
    return (await this.#ask('chat_unlink', delivery, {}, member)).member;
  }

  async bind(
    delivery: Delivery,
    { ceiling, gateway, agent }: { ceiling: string; gateway: string | null; agent: string | null },
  ): Promise<void> {
    const args = { p_ceiling: ceiling, p_gateway: gateway, p_agent: agent };
    await this.#ask('chat_bind', delivery, args, channel);
  }

  async unbind(delivery: Delivery): Promise<void> {
    await this.#ask('chat_unbind', delivery, {}, z.looseObject({}));
  }

  async act(delivery: Delivery, { action, payload, gateway, agent }: ActionRequest): Promise<ActResult> {
    const args = { p_action: action, p_payload: payload, p_gateway: gateway, p_agent: agent };
    const answer = await this.#ask('chat_act', delivery, args, z.union([actResult, expiredQuestion]));
    if (answer !== 'over') return answer;
    throw new HqError('conflict', 'this question has expired', { hint: 'Ask for it again.' });
  }

  confirm(delivery: Delivery, token: string, typed: string | null): Promise<ActResult> {
    return this.#ask('chat_confirm', delivery, { p_token: token, p_typed: typed }, actResult);
  }

  decline(delivery: Delivery, token: string): Promise<Declined> {
    return this.#ask('chat_decline', delivery, { p_token: token }, declined);
  }

  async cancel(delivery: Delivery, id: string): Promise<CommandRow> {
    const answer = z.object({ command: commandRow });
    return (await this.#ask('chat_cancel', delivery, { p_command_id: id }, answer)).command;
  }

  async read<Row>(delivery: Delivery, what: string, args: object, row: z.ZodType<Row>): Promise<Row[]> {
    const answer = z.object({ rows: z.array(row) });
    return (await this.#ask('chat_read', delivery, { p_what: what, p_args: args }, answer)).rows;
  }

  /** Throws unless the sender may do this here; null asks for reading alone. */
  async may(delivery: Delivery, purpose: string | null): Promise<void> {
    await this.#ask('chat_may', delivery, { p_for: purpose }, z.unknown());
  }

  /** Refuses a sender who can never be linked, and audits the refusal. Always throws. */
  refuse(delivery: Delivery): Promise<never> {
    return this.#ask('chat_refuse', delivery, {}, z.never());
  }

  /** Throws unless the signed-in account is a chat bot of its tenant. Changes nothing. */
  async check(): Promise<void> {
    await this.#call('chat_check', {}, z.unknown());
  }

  async storeButtons(buttons: readonly StoredButton[]): Promise<void> {
    await this.#call('chat_save_buttons', { p_rows: buttons }, z.unknown());
  }

  async press(delivery: Delivery, token: string): Promise<Intent> {
    return (await this.#ask('chat_press', delivery, { p_token: token }, z.object({ intent }))).intent;
  }

  async storeCard(card: OpenCard): Promise<void> {
    await this.#call('chat_save_card', { p_card: card }, z.unknown());
  }

  async openCards(platform: Platform): Promise<(OpenCard & { readonly command: CommandRow })[]> {
    const answer = z.object({ cards: z.array(openCardWithCommand) });
    return (await this.#call('chat_open_cards', { p_platform: platform }, answer)).cards;
  }

  async subscribe(delivery: Delivery, filter: AlertFilter): Promise<void> {
    await this.#ask('chat_subscribe', delivery, { p_filter: filter }, subscription);
  }

  async unsubscribe(delivery: Delivery): Promise<void> {
    await this.#ask('chat_unsubscribe', delivery, {}, z.looseObject({}));
  }

  subscriptions(platform: Platform): Promise<Subscription[]> {
    return this.#call('chat_list_subscriptions', { p_platform: platform }, z.array(subscribedChannel));
  }

  async recordAlerts(rows: readonly AlertDelivery[]): Promise<void> {
    // An empty cursor leaves the stored one.
    const known = rows.map(({ cursor, ...row }) => ({ ...row, ...(cursor !== '' && { cursor }) }));
    await this.#call('chat_record_alerts', { p_rows: known }, z.unknown());
  }

  heartbeat(
    holder: string,
    adapters: readonly AdapterHeartbeat[],
  ): Promise<z.output<typeof heartbeatAnswer>> {
    return this.#call('chat_heartbeat', { p_holder: holder, p_adapters: adapters }, heartbeatAnswer);
  }

  #ask<Result>(
    name: FunctionName,
    delivery: Delivery,
    args: object,
    schema: z.ZodType<Result>,
  ): Promise<Result> {
    return this.#call(name, { p_chat: chatOf(delivery), ...args }, schema);
  }

  async #call<Result>(name: FunctionName, args: object, schema: z.ZodType<Result>): Promise<Result> {
    // A function without a result returns null.
    const request = this.#client.supabase
      .rpc(name, args)
      .then((answer) => ({ ...answer, data: answer.data ?? {} }));
    return readAnswer(schema, await this.#client.ask<unknown>(request), this.#client.host);
  }
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
