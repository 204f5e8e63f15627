import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Inbound, Input } from '../../../contract/inbound.ts';
import { messageHandle } from '../message-handle.ts';
import { unescapeMarkup } from '../render/markup.ts';
import { type Identity, toInbound, toSender } from './sender.ts';

export interface InboundDelivery {
  readonly inbound: Inbound;
  readonly responseUrl?: string | undefined;
  readonly triggerId?: string | undefined;
  /** The pressed button is on a message that only its user sees. */
  readonly onEphemeral?: boolean;
  /** Identical when Slack delivers it again for want of an acknowledgement. */
  readonly redeliveryKey?: string;
}

export const app = { api_app_id: z.string().optional() };
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);
/** Null where the app is installed for all workspaces of an enterprise. */
export const team = z.object({ id: z.string().optional(), enterprise_id: text }).nullish();
export const enterprise = z.object({ id: z.string() }).nullish();
export const user = z.object({ id: z.string(), team_id: text });

const slash = z.object({
  ...app,
  text: z.string().default(''),
  user_id: z.string(),
  channel_id: z.string(),
  team_id: text,
  enterprise_id: text,
  trigger_id: text,
  response_url: text,
});

const press = z.object({
  ...app,
  team,
  enterprise,
  user,
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
  enterprise_id: text,
  authorizations: z.array(z.object({ enterprise_id: text })).nullish(),
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

const home = z.object({ event: z.object({ user: z.string(), tab: text }) });

export function readSlash(body: unknown, us: Identity, envelope?: string): InboundDelivery | undefined {
  const { data } = slash.safeParse(body);
  if (!data) return undefined;
  const {
    team_id: team,
    enterprise_id: enterprise,
    api_app_id: appId,
    channel_id: channel,
    user_id: user,
    trigger_id: triggerId,
  } = data;
  const input = { kind: 'words', text: unescapeMarkup(data.text) } as const;
  return {
    inbound: toInbound(
      toSender(us, { team, enterprise, appId, channel, user }),
      toDeliveryId(triggerId ?? envelope, body),
      input,
    ),
    responseUrl: data.response_url,
    triggerId,
    ...envelopeKey(envelope, body),
  };
}

export function readPress(body: unknown, us: Identity, envelope?: string): InboundDelivery | undefined {
  const { data } = press.safeParse(body);
  const token = data?.actions[0]?.value;
  const channel = data?.channel?.id ?? data?.container?.channel_id;
  if (!data || token === undefined || channel === undefined) return undefined;
  const { container, message, user, trigger_id: triggerId, response_url: responseUrl } = data;
  const ts = container?.message_ts ?? message?.ts;
  const onEphemeral = container?.is_ephemeral === true;
  const handle = ts === undefined ? null : messageHandle(channel, ts, onEphemeral);
  const sender = toSender(us, {
    team: data.team?.id ?? user.team_id,
    userTeam: user.team_id,
    enterprise: enterpriseOf(data),
    appId: data.api_app_id,
    channel,
    thread: container?.thread_ts ?? message?.thread_ts,
    user: user.id,
  });
  const input = { kind: 'button', token, message: handle } as const;
  return {
    inbound: toInbound(sender, toDeliveryId(triggerId ?? envelope, body), input),
    responseUrl,
    triggerId,
    onEphemeral,
    ...envelopeKey(envelope, body),
  };
}

/** Reads a mention, or a plain message in a direct conversation; undefined for HQ's own messages. */
export function readMessage(body: unknown, us: Identity, envelope?: string): InboundDelivery | undefined {
  const { data } = message.safeParse(body);
  if (!data) return undefined;
  const { event } = data;
  const isMention = event.type === 'app_mention';
  if (!isMention && (event.channel_type !== 'im' || (event.subtype ?? 'file_share') !== 'file_share'))
    return undefined;
  const user = event.user ?? event.bot_id;
  if (user === undefined || user === us.botUser || (us.botId !== undefined && event.bot_id === us.botId))
    return undefined;
  const userTeam = event.user_team ?? event.source_team ?? event.team;
  const sender = toSender(us, {
    team: data.team_id,
    userTeam,
    // A channel that no other enterprise shares has members of the bot's enterprise alone.
    enterprise: data.is_ext_shared_channel === false ? enterpriseOfInstall(data) : undefined,
    appId: data.api_app_id,
    channel: event.channel,
    thread: event.thread_ts,
    user,
  });
  const isGuest = data.is_ext_shared_channel === true && userTeam === undefined;
  const stranger = event.bot_id !== undefined ? 'bot' : isGuest ? 'outsider' : sender.stranger;
  // An edited message keeps its time, and comes as another event.
  const isOneMessage = event.ts !== undefined;
  const deliveryId = isOneMessage
    ? `sl:${sender.install}:${event.channel}:${event.ts}`
    : toDeliveryId(data.event_id ?? envelope, body);
  const input: Input = isMention
    ? { kind: 'words', text: textAfterMention(event.text, us.botUser) }
    : { kind: 'words', text: unescapeMarkup(event.text), answer: true };
  return {
    inbound: {
      ...toInbound({ ...sender, ...(stranger && { stranger }) }, deliveryId, input),
      isOneMessage,
      opensNoForm: true,
    },
    redeliveryKey: `${deliveryId} ${user}`,
  };
}

/** The enterprise of the acting user, from the fields of an interaction; undefined if they differ. */
export function enterpriseOf(interaction: {
  readonly team?: z.infer<typeof team>;
  readonly enterprise?: z.infer<typeof enterprise>;
}): string | undefined {
  const ofTeam = interaction.team?.enterprise_id;
  const named = interaction.enterprise?.id ?? ofTeam;
  return ofTeam === undefined || ofTeam === named ? named : undefined;
}

/** The enterprise that the event was delivered for. */
function enterpriseOfInstall({ authorizations, enterprise_id }: z.infer<typeof message>): string | undefined {
  return authorizations?.[0]?.enterprise_id ?? enterprise_id;
}

/** Returns the user who opened the home tab of the app. */
export function readHomeOpened(body: unknown): string | undefined {
  const { data } = home.safeParse(body);
  return (data?.event.tab ?? 'home') === 'home' ? data?.event.user : undefined;
}

function textAfterMention(text: string, botUser: string): string {
  const [, rest] = new RegExp(`<@${botUser}(?:\\|[^>]*)?>(.*)`, 'su').exec(text) ?? [];
  return unescapeMarkup(rest ?? text);
}

/** Slack's id of the delivery or of its envelope; else a hash, which is the same at a redelivery. */
function toDeliveryId(id: string | undefined, body: unknown): string {
  return `sl:${id ?? createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 40)}`;
}

/** Commands and presses are redelivered in the same envelope; other deliveries may have the same ids of their own. */
function envelopeKey(envelope: string | undefined, body: unknown): Pick<InboundDelivery, 'redeliveryKey'> {
  return envelope === undefined ? {} : { redeliveryKey: `${envelope} ${toDeliveryId(undefined, body)}` };
}
