import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Inbound, Input } from '../../../contract/inbound.ts';
import { messageHandle } from '../message-handle.ts';
import { unescapeTyped } from '../render/markup.ts';
import { type Identity, senderOf } from './sender.ts';

/** One delivery in our words, with Slack's ways back to it. */
export interface InboundDelivery {
  readonly inbound: Inbound;
  readonly responseUrl: string | undefined;
  readonly triggerId: string | undefined;
  /** The message that a press stands on is one that only this person sees. */
  readonly onEphemeral: boolean;
  /** Names what Slack brings again until it is acknowledged. The same words, said once more, are something else. */
  readonly repeatedAs?: string;
}

export const app = { api_app_id: z.string().optional() };
export const text = z
  .string()
  .nullish()
  .transform((given) => given ?? undefined);
export const team = z.object({ id: z.string().optional() }).nullish();
export const person = z.object({ id: z.string(), name: text, username: text, team_id: text });

const slash = z.object({
  ...app,
  text: z.string().default(''),
  user_id: z.string(),
  user_name: text,
  channel_id: z.string(),
  team_id: text,
  trigger_id: text,
  response_url: text,
});

const press = z.object({
  ...app,
  team,
  user: person,
  channel: z.object({ id: z.string() }).nullish(),
  container: z
    .object({ channel_id: text, message_ts: text, thread_ts: text, is_ephemeral: z.boolean().optional() })
    .optional(),
  message: z.object({ ts: text, thread_ts: text }).nullish(),
  trigger_id: text,
  response_url: text,
  actions: z.array(z.object({ value: text, action_ts: text })).min(1),
});

const message = z.object({
  ...app,
  team_id: text,
  event_id: text,
  is_ext_shared_channel: z.boolean().optional(),
  event: z.object({
    type: z.string(),
    subtype: text,
    user: text,
    bot_id: text,
    text: z.string().default(''),
    channel: z.string(),
    channel_type: text,
    ts: text,
    thread_ts: text,
    team: text,
    user_team: text,
    source_team: text,
  }),
});

export function readSlash(body: unknown, us: Identity, envelope?: string): InboundDelivery | undefined {
  const parsed = slash.safeParse(body);
  if (!parsed.success) return undefined;
  const given = parsed.data;
  return {
    inbound: {
      ...senderOf(us, {
        team: given.team_id,
        userTeam: undefined,
        appId: given.api_app_id,
        channel: given.channel_id,
        thread: undefined,
        user: given.user_id,
        userName: given.user_name,
      }),
      deliveryId: delivery(given.trigger_id ?? envelope, body),
      input: { kind: 'words', text: unescapeTyped(given.text) },
      receivedAt: Date.now(),
    },
    responseUrl: given.response_url,
    triggerId: given.trigger_id,
    onEphemeral: false,
    ...inEnvelope(envelope, body),
  };
}

export function readPress(body: unknown, us: Identity, envelope?: string): InboundDelivery | undefined {
  const parsed = press.safeParse(body);
  if (!parsed.success) return undefined;
  const given = parsed.data;
  const token = given.actions[0]?.value;
  const channel = given.channel?.id ?? given.container?.channel_id;
  if (token === undefined || channel === undefined) return undefined;
  const ts = given.container?.message_ts ?? given.message?.ts;
  const onEphemeral = given.container?.is_ephemeral === true;
  return {
    inbound: {
      ...senderOf(us, {
        team: given.team?.id ?? given.user.team_id,
        userTeam: given.user.team_id,
        appId: given.api_app_id,
        channel,
        thread: given.container?.thread_ts ?? given.message?.thread_ts,
        user: given.user.id,
        userName: given.user.name ?? given.user.username,
      }),
      deliveryId: delivery(given.trigger_id ?? envelope, body),
      input: {
        kind: 'button',
        token,
        message: ts === undefined ? null : messageHandle(channel, ts, onEphemeral),
      },
      receivedAt: Date.now(),
    },
    responseUrl: given.response_url,
    triggerId: given.trigger_id,
    onEphemeral,
    ...inEnvelope(envelope, body),
  };
}

/** A mention, or a plain message in a direct conversation. Nothing for what we said ourselves. */
export function readMessage(body: unknown, us: Identity, envelope?: string): InboundDelivery | undefined {
  const parsed = message.safeParse(body);
  if (!parsed.success) return undefined;
  const given = parsed.data;
  const { event } = given;
  const isMention = event.type === 'app_mention';
  if (!isMention && (event.channel_type !== 'im' || (event.subtype ?? 'file_share') !== 'file_share'))
    return undefined;
  const user = event.user ?? event.bot_id;
  if (user === undefined || user === us.botUser || (us.botId !== undefined && event.bot_id === us.botId))
    return undefined;
  const userTeam = event.user_team ?? event.source_team ?? event.team;
  const who = senderOf(us, {
    team: given.team_id,
    userTeam,
    appId: given.api_app_id,
    channel: event.channel,
    thread: event.thread_ts,
    user,
    userName: undefined,
  });
  const stranger =
    event.bot_id !== undefined
      ? 'bot'
      : given.is_ext_shared_channel === true && userTeam === undefined
        ? 'outsider'
        : who.stranger;
  const named = delivery(given.event_id ?? envelope, body);
  const input: Input = isMention
    ? { kind: 'words', text: behindMention(event.text, us.botUser) }
    : { kind: 'words', text: unescapeTyped(event.text), answer: true };
  return {
    inbound: {
      ...who,
      ...(stranger === undefined ? {} : { stranger }),
      deliveryId: named,
      input,
      receivedAt: Date.now(),
    },
    responseUrl: undefined,
    triggerId: undefined,
    onEphemeral: false,
    repeatedAs: [named, event.channel, event.ts, user].join(' '),
  };
}

const home = z.object({ event: z.object({ user: z.string(), tab: text }) });

/** Who opened the app's home. */
export function readHomeOpened(body: unknown): string | undefined {
  const given = home.safeParse(body).data?.event;
  return given === undefined || (given.tab ?? 'home') !== 'home' ? undefined : given.user;
}

function behindMention(said: string, botUser: string): string {
  const [, behind] = new RegExp(`<@${botUser}(?:\\|[^>]*)?>(.*)`, 'su').exec(said) ?? [];
  return unescapeTyped(behind ?? said);
}

/** Slack's own id of the delivery or of its envelope; else what was delivered, which is the same when it comes again. */
function delivery(id: string | undefined, body: unknown): string {
  return `sl:${id ?? createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 40)}`;
}

/** Commands and presses come again in the envelope that they came in; their own ids may be those of earlier ones. */
function inEnvelope(envelope: string | undefined, body: unknown): Pick<InboundDelivery, 'repeatedAs'> {
  return envelope === undefined ? {} : { repeatedAs: `${envelope} ${delivery(undefined, body)}` };
}
