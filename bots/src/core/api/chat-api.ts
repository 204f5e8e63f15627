import { roles } from '@hq/shared/actions';
import { type HqClient, readAnswer } from '@hq/shared/client';
import type { Database } from '@hq/shared/database';
import { HqError } from '@hq/shared/errors';
import { type CommandRow, commandRow } from '@hq/shared/rows';
import { z } from 'zod';
import type { Handle } from '../../contract/card.ts';
import { type Platform, platforms, type Speaker } from '../../contract/inbound.ts';

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
  /** What this person may do here: the lesser of their own role and the channel's. */
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
  /** The slug of what it is aimed at, a gateway’s or an agent’s. */
  target: z.string().nullish(),
  asked_by: z.string().nullish(),
  expires_at: time,
});
export type Confirmation = z.output<typeof confirmation>;

const decided = z.object({ by: z.string().nullable(), at: time });
const acted = z.union([
  z.object({ confirm: confirmation }),
  z.object({ command: commandRow, created: z.boolean().default(false), decided: decided.optional() }),
]);
export type Acted = z.output<typeof acted>;
/** The first answer to a delivery that comes again: it is kept, but its token only for as long as it can be used. */
const questionThatWas = z
  .object({ confirm: confirmation.omit({ token: true }) })
  .transform(() => 'over' as const);
/** `prompt` tells what it was. */
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

const watched = z.object({
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
export type Watched = z.output<typeof watched>;

export interface Told {
  readonly subscription_id: string;
  readonly cursor: string;
  readonly messages: readonly { readonly key: string; readonly handle: Handle; readonly open: boolean }[];
  /** Why this chat is left alone until somebody there subscribes again. */
  readonly disabled?: string;
}

const beat = z.object({ now: time, held: z.record(z.string(), z.boolean()) });

interface BeatOfAdapter {
  readonly platform: Platform;
  readonly install: string | null;
  readonly fingerprint: string;
  readonly state: string;
  readonly detail: string | null;
  readonly last_inbound_at: string | null;
  readonly last_outbound_at: string | null;
}

export interface KeptButton {
  readonly token: string;
  readonly platform: Platform;
  readonly install: string;
  readonly channel: string;
  /** Null: whoever may do it. */
  readonly user: string | null;
  readonly intent: Intent;
  readonly seconds: number;
  readonly once: boolean;
}

/** Who says something, and in which delivery. */
export interface Said {
  readonly speaker: Speaker;
  readonly delivery: string;
}

/**
 * All that chat may ask of HQ. Everything that somebody says goes through here with their identity, and the database
 * decides. A refusal is thrown as an `HqError` with its reason.
 */
export interface ChatHq {
  whoami(said: Said): Promise<Whoami>;
  link(said: Said, code: string): Promise<{ email: string | null }>;
  unlink(said: Said): Promise<{ email: string | null }>;
  bind(said: Said, to: { ceiling: string; gateway: string | null; agent: string | null }): Promise<void>;
  unbind(said: Said): Promise<void>;
  act(
    said: Said,
    request: {
      readonly action: string;
      readonly payload: Readonly<Record<string, unknown>>;
      readonly gateway: string | null;
      readonly agent: string | null;
    },
  ): Promise<Acted>;
  confirm(said: Said, token: string, typed: string | null): Promise<Acted>;
  decline(said: Said, token: string): Promise<Declined>;
  cancel(said: Said, commandId: string): Promise<CommandRow>;
  read<Row>(
    said: Said,
    what: string,
    args: Readonly<Record<string, unknown>>,
    row: z.ZodType<Row>,
  ): Promise<Row[]>;
  /** Throws where this person may not do here what the names of arguments are wanted for; null wants to read and no more. */
  may(said: Said, purpose: string | null): Promise<void>;
  keepButtons(buttons: readonly KeptButton[]): Promise<void>;
  press(said: Said, token: string): Promise<Intent>;
  keepCard(card: OpenCard): Promise<void>;
  openCards(platform: Platform): Promise<(OpenCard & { readonly command: CommandRow })[]>;
  subscribe(said: Said, filter: AlertFilter): Promise<void>;
  unsubscribe(said: Said): Promise<void>;
  watch(platform: Platform): Promise<Watched[]>;
  told(rows: readonly Told[]): Promise<void>;
  beat(holder: string, adapters: readonly BeatOfAdapter[]): Promise<z.output<typeof beat>>;
}

type FunctionName = keyof Database['public']['Functions'];

export function createChatHq(client: HqClient): ChatHq {
  async function call<Result>(name: FunctionName, args: object, schema: z.ZodType<Result>): Promise<Result> {
    // A function that answers nothing gives null.
    const request = client.supabase
      .rpc(name, args)
      .then((answer) => ({ ...answer, data: answer.data ?? {} }));
    return readAnswer(schema, await client.ask<unknown>(request), client.host);
  }
  const ask = <Result>(
    name: FunctionName,
    said: Said,
    args: object,
    schema: z.ZodType<Result>,
  ): Promise<Result> => call(name, { p_chat: chatOf(said), ...args }, schema);

  return {
    whoami: (said) => ask('chat_whoami', said, {}, whoami),
    link: async (said, code) => (await ask('chat_link', said, { p_code: code }, member)).member,
    unlink: async (said) => (await ask('chat_unlink', said, {}, member)).member,
    bind: async (said, { ceiling, gateway, agent }) => {
      await ask('chat_bind', said, { p_ceiling: ceiling, p_gateway: gateway, p_agent: agent }, channel);
    },
    unbind: async (said) => {
      await ask('chat_unbind', said, {}, z.looseObject({}));
    },
    act: async (said, { action, payload, gateway, agent }) => {
      const args = { p_action: action, p_payload: payload, p_gateway: gateway, p_agent: agent };
      const answer = await ask('chat_act', said, args, z.union([acted, questionThatWas]));
      if (answer !== 'over') return answer;
      throw new HqError('conflict', 'this question has expired', { hint: 'Ask for it again.' });
    },
    confirm: (said, token, typed) => ask('chat_confirm', said, { p_token: token, p_typed: typed }, acted),
    decline: (said, token) => ask('chat_decline', said, { p_token: token }, declined),
    cancel: async (said, id) =>
      (await ask('chat_cancel', said, { p_command_id: id }, z.object({ command: commandRow }))).command,
    read: async (said, what, args, row) =>
      (await ask('chat_read', said, { p_what: what, p_args: args }, z.object({ rows: z.array(row) }))).rows,
    may: async (said, purpose) => {
      await ask('chat_read', said, { p_what: 'gateways', p_args: { for: purpose, limit: 1 } }, z.unknown());
    },
    keepButtons: async (buttons) => {
      await call('chat_keep_buttons', { p_rows: buttons }, z.unknown());
    },
    press: async (said, token) =>
      (await ask('chat_press', said, { p_token: token }, z.object({ intent }))).intent,
    keepCard: async (card) => {
      await call('chat_keep_card', { p_card: card }, z.unknown());
    },
    openCards: async (platform) =>
      (
        await call(
          'chat_open_cards',
          { p_platform: platform },
          z.object({ cards: z.array(openCardWithCommand) }),
        )
      ).cards,
    subscribe: async (said, wanted) => {
      await ask('chat_subscribe', said, { p_filter: wanted }, subscription);
    },
    unsubscribe: async (said) => {
      await ask('chat_unsubscribe', said, {}, z.looseObject({}));
    },
    watch: (platform) => call('chat_watch', { p_platform: platform }, z.array(watched)),
    told: async (rows) => {
      // No cursor leaves the one that is kept.
      const known = rows.map(({ cursor, ...row }) => ({ ...row, ...(cursor !== '' && { cursor }) }));
      await call('chat_told', { p_rows: known }, z.unknown());
    },
    beat: (holder, adapters) => call('chat_beat', { p_holder: holder, p_adapters: adapters }, beat),
  };
}

function chatOf({ speaker, delivery }: Said): Record<string, string | null> {
  const { platform, install, user, channel: where, thread, kind, stranger } = speaker;
  return { platform, install, user, channel: where, thread, kind, delivery, ...(stranger && { stranger }) };
}

/** Whether the database may answer if it is asked again. */
export function isAway(error: unknown): error is HqError {
  return error instanceof HqError && (error.code === 'unreachable' || error.code === 'timed_out');
}
