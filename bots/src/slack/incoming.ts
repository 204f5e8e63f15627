import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Handle } from '../core/card.ts';
import type { Inbound, Input, Speaker } from '../core/inbound.ts';
import { fieldAction, readOrigin } from './form-view.ts';
import { typed } from './text.ts';

/** Who we are in the workspace, as Slack tells it. */
export interface Identity {
  readonly team: string;
  readonly botUser: string;
  readonly botId: string | undefined;
  /** Known once the socket said hello; never known over HTTP, where the signature proves it. */
  readonly appId: string | undefined;
}

/** One delivery in our words, with Slack's ways back to it. */
export interface Incoming {
  readonly inbound: Inbound;
  readonly responseUrl: string | undefined;
  readonly triggerId: string | undefined;
  /** The message that a press stands on is one that only this person sees. */
  readonly onEphemeral: boolean;
}

const app = { api_app_id: z.string().optional() };
const text = z
  .string()
  .nullish()
  .transform((given) => given ?? undefined);
const team = z.object({ id: z.string().optional() }).nullish();
const person = z.object({ id: z.string(), name: text, username: text, team_id: text });

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

const chosen = z.looseObject({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
});
const values = z.record(z.string(), z.record(z.string(), chosen));
const view = z.object({
  id: z.string(),
  hash: text,
  team_id: text,
  app_installed_team_id: text,
  private_metadata: text,
  state: z.object({ values }).nullish(),
});

const submission = z.object({ ...app, team, user: person, view, trigger_id: text });

const suggestion = z.object({
  ...app,
  team,
  user: person,
  block_id: z.string(),
  value: z.string().default(''),
  view: view.optional(),
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

export function readSlash(body: unknown, us: Identity, envelope?: string): Incoming | undefined {
  const parsed = slash.safeParse(body);
  if (!parsed.success) return undefined;
  const given = parsed.data;
  return {
    inbound: {
      ...speaker(us, {
        team: given.team_id,
        userTeam: undefined,
        appId: given.api_app_id,
        channel: given.channel_id,
        thread: undefined,
        user: given.user_id,
        userName: given.user_name,
      }),
      delivery: delivery(given.trigger_id ?? envelope, body),
      input: { kind: 'words', text: typed(given.text) },
      receivedAt: Date.now(),
    },
    responseUrl: given.response_url,
    triggerId: given.trigger_id,
    onEphemeral: false,
  };
}

export function readPress(body: unknown, us: Identity, envelope?: string): Incoming | undefined {
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
      ...speaker(us, {
        team: given.team?.id ?? given.user.team_id,
        userTeam: given.user.team_id,
        appId: given.api_app_id,
        channel,
        thread: given.container?.thread_ts ?? given.message?.thread_ts,
        user: given.user.id,
        userName: given.user.name ?? given.user.username,
      }),
      delivery: delivery(given.trigger_id ?? envelope, body),
      input: { kind: 'button', token, message: ts === undefined ? null : handleOf(channel, ts, onEphemeral) },
      receivedAt: Date.now(),
    },
    responseUrl: given.response_url,
    triggerId: given.trigger_id,
    onEphemeral,
  };
}

export function readSubmission(body: unknown, us: Identity): Incoming | undefined {
  const parsed = submission.safeParse(body);
  if (!parsed.success) return undefined;
  const given = parsed.data;
  const origin = readOrigin(given.view.private_metadata);
  if (origin === undefined) return undefined;
  return {
    inbound: {
      ...inForm(given, us),
      channel: origin.channel,
      kind: origin.kind,
      thread: origin.thread,
      // One form is submitted once; a second submission after an error has another hash.
      delivery: `sl:${given.view.id}:${given.view.hash ?? ''}`,
      input: {
        kind: 'form',
        token: origin.token,
        values: fieldValues(given.view.state?.values),
        ...(origin.message === undefined ? {} : { message: origin.message }),
      },
      receivedAt: Date.now(),
    },
    responseUrl: undefined,
    triggerId: given.trigger_id,
    onEphemeral: false,
  };
}

export interface Asked {
  readonly speaker: Speaker;
  readonly words: readonly string[];
  readonly argument: string;
  readonly typed: string;
  readonly options: Readonly<Record<string, string>>;
}

export function readSuggestion(body: unknown, us: Identity): Asked | undefined {
  const parsed = suggestion.safeParse(body);
  if (!parsed.success) return undefined;
  const given = parsed.data;
  const origin = readOrigin(given.view?.private_metadata);
  const words = origin?.words[given.block_id];
  if (origin === undefined || words === undefined) return undefined;
  const { channel, kind, thread } = origin;
  const { [given.block_id]: _own, ...options } = fieldValues(given.view?.state?.values);
  return {
    speaker: { ...inForm(given, us), channel, kind, thread },
    words,
    argument: given.block_id,
    typed: given.value.trim(),
    options,
  };
}

/** A mention, or a plain message in a direct conversation. Nothing for what we said ourselves. */
export function readMessage(body: unknown, us: Identity, envelope?: string): Incoming | undefined {
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
  const who = speaker(us, {
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
  const input: Input = isMention
    ? { kind: 'words', text: behindMention(event.text, us.botUser) }
    : { kind: 'words', text: typed(event.text), answer: true };
  return {
    inbound: {
      ...who,
      ...(stranger === undefined ? {} : { stranger }),
      delivery: delivery(given.event_id ?? envelope, body),
      input,
      receivedAt: Date.now(),
    },
    responseUrl: undefined,
    triggerId: undefined,
    onEphemeral: false,
  };
}

const home = z.object({ event: z.object({ user: z.string(), tab: text }) });

/** Who opened the app's home. */
export function readHomeOpened(body: unknown): string | undefined {
  const given = home.safeParse(body).data?.event;
  return given === undefined || (given.tab ?? 'home') !== 'home' ? undefined : given.user;
}

export function handleOf(channel: string, ts: string, onEphemeral = false): Handle {
  return onEphemeral ? { channel, ts, seen_by: 'one' } : { channel, ts };
}

interface Whereabouts {
  readonly team: string | undefined;
  /** The workspace the person belongs to, where Slack tells it. */
  readonly userTeam: string | undefined;
  readonly appId: string | undefined;
  readonly channel: string;
  readonly thread: string | undefined;
  readonly user: string;
  readonly userName: string | undefined;
}

/**
 * A delivery of another workspace or for another app keeps its own workspace's id, so that it is refused for what it
 * is. One that names no workspace came over our own connection, and that was made with our tokens.
 */
function speaker(us: Identity, given: Whereabouts): Speaker {
  const install = given.team ?? us.team;
  const isOutsider =
    install !== us.team ||
    (given.userTeam !== undefined && given.userTeam !== us.team) ||
    (given.appId !== undefined && us.appId !== undefined && given.appId !== us.appId);
  return {
    platform: 'slack',
    install,
    channel: given.channel,
    kind: given.channel.startsWith('D') ? 'direct' : 'group',
    thread: given.thread ?? null,
    user: given.user,
    ...(given.userName === undefined ? {} : { userName: given.userName }),
    ...(isOutsider ? { stranger: 'outsider' as const } : {}),
  };
}

/** Who fills in a form; where it was asked for comes with the form. */
function inForm(given: z.infer<typeof submission> | z.infer<typeof suggestion>, us: Identity): Speaker {
  return speaker(us, {
    team: given.view?.app_installed_team_id ?? given.team?.id ?? given.view?.team_id ?? given.user.team_id,
    userTeam: given.user.team_id,
    appId: given.api_app_id,
    channel: '',
    thread: undefined,
    user: given.user.id,
    userName: given.user.name ?? given.user.username,
  });
}

function fieldValues(state: z.infer<typeof values> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(state ?? {}).flatMap(([name, actions]): [string, string][] => {
      const given = actions[fieldAction];
      const value = given?.selected_option?.value ?? given?.value;
      return value === undefined || value === null || value === '' ? [] : [[name, value]];
    }),
  );
}

function behindMention(said: string, botUser: string): string {
  const [, behind] = new RegExp(`<@${botUser}(?:\\|[^>]*)?>(.*)`, 'su').exec(said) ?? [];
  return typed(behind ?? said);
}

/** Slack's own id of the delivery or of its envelope; else what was delivered, which is the same when it comes again. */
function delivery(id: string | undefined, body: unknown): string {
  return `sl:${id ?? createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 40)}`;
}
