import { setTimeout as delay } from 'node:timers/promises';
import type { HqClient } from '@hq/shared/client';
import { type Watch, watchChanges } from '@hq/shared/live';
import { z } from 'zod';
import type { Log } from '../../log.ts';
import type { Button, Handle } from '../card.ts';
import { isAway, type Told, type Watched } from '../chat-hq.ts';
import type { Core } from '../core.ts';
import type { Place, Platform, Sent } from '../inbound.ts';
import { alertCard, mostListed } from './alert-card.ts';
import { type AlertRow, alertPage, readAlerts, readAlertsSince } from './alert-row.ts';
import { type AlertAgent, matches, quietMinutes } from './matches.ts';

/** Brings alerts to the chats that want them. */
export interface AlertEngine {
  start(): void;
  /** Tells nothing new any more. */
  stop(): void;
  /** Keeps what was told and is not kept yet. */
  save(): Promise<void>;
  /** How many alerts wait for their chats. */
  size(): number;
}

export interface AlertEngineOptions {
  readonly client: HqClient;
  readonly core: Core;
  readonly platforms: readonly Platform[];
  readonly log: Log;
  readonly timing?: Partial<AlertTiming>;
}

interface AlertTiming {
  /** After the first alert for a chat: what comes meanwhile goes into the same message. */
  readonly gatherMs: number;
  readonly pollMs: number;
  /** Between two looks while changes are told. */
  readonly resyncMs: number;
  readonly reloadMs: number;
  readonly saveMs: number;
  /** Before a chat that could not be told is tried again. */
  readonly retryMs: number;
}

const defaultTiming: AlertTiming = {
  gatherMs: 250,
  pollMs: 2_000,
  resyncMs: 15_000,
  reloadMs: 60_000,
  saveMs: 500,
  retryMs: 30_000,
};

/**
 * A row's time is taken before its transaction ends: a later one may be seen before an earlier one, also across a restart. What was
 * told is known by its message and not told again.
 */
const overlapMs = 10_000;
/** What nobody was told of in this time is no news any more. */
const oldestMs = 86_400_000;
const mostSeen = 50_000;
const mostTold = 200;
/** Quiet hours are looked at again: clocks change. */
const longestSleepMs = 60_000;
const mostToldElsewhere = 3;

interface Message {
  readonly handle: Handle;
  readonly alerts: Map<string, AlertRow>;
  readonly more: number;
  buttons: readonly Button[];
  stamp: string | undefined;
}

interface Subscription {
  watched: Watched;
  place: Place;
  /** What came before it was loaded was told already, or not wanted yet. */
  readonly from: number;
  readonly pending: Map<string, AlertRow>;
  readonly messages: Map<string, Message>;
  isBusy: boolean;
  isGone: boolean;
  isCaughtUp: boolean;
  timer: NodeJS.Timeout | null;
  nextDigestAt: number;
}

export function createAlertEngine(options: AlertEngineOptions): AlertEngine {
  const { client, core, platforms, log } = options;
  const { hq, buttons } = core.house;
  const timing: AlertTiming = { ...defaultTiming, ...options.timing };
  const subscriptions = new Map<string, Subscription>();
  const seen = new Map<string, string>();
  const told = new Map<string, Told>();
  const agents = new Map<string, AlertAgent>();
  let since = Date.now();
  let watch: Watch | null = null;
  let isJoined = false;
  let isStopped = false;
  let isScanning = false;
  let scanAgain = false;
  let scanTimer: NodeJS.Timeout | null = null;
  let saving: Promise<void> = Promise.resolve();

  async function load(platform: Platform): Promise<void> {
    const wanted = await hq.watch(platform);
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, subscription] of subscriptions) {
      if (subscription.place.platform === platform && !ids.has(id)) forget(subscription);
    }
    const openIds = new Set<string>();
    for (const one of wanted) {
      const known = subscriptions.get(one.id);
      if (known !== undefined) {
        known.watched = one;
        continue;
      }
      const from = Math.max(
        microsOf(one.created_at) ?? 0,
        (microsOf(one.cursor) ?? Date.now() * 1000) - overlapMs * 1000,
      );
      subscriptions.set(one.id, {
        watched: one,
        place: placeOf(one),
        from,
        pending: new Map(),
        messages: new Map(),
        isBusy: false,
        isGone: false,
        isCaughtUp: false,
        timer: null,
        nextDigestAt: Date.now() + (one.filter.digest_minutes ?? 0) * 60_000,
      });
      for (const { key } of one.messages) openIds.add(key);
    }
    if (openIds.size > 0) recall(wanted, await readAlerts(client, [...openIds]));
    const behind = [...subscriptions.values()].filter(
      (one) => one.place.platform === platform && !one.isCaughtUp && !one.isGone,
    );
    if (behind.length > 0) await catchUp(behind);
    hint();
  }

  /** What came before a chat was known here is told to that chat alone: the others have it. */
  async function catchUp(behind: readonly Subscription[]): Promise<void> {
    const earliest = Math.min(...behind.map(({ from }) => Math.floor(from / 1000)));
    const from = new Date(Math.max(earliest, Date.now() - oldestMs)).toISOString();
    for (let at = 0; ; at += alertPage) {
      const rows = await readAlertsSince(client, from, at);
      await knowAgents(rows);
      for (const row of rows) offer(row, behind);
      if (rows.length < alertPage) break;
    }
    for (const one of behind) {
      one.isCaughtUp = true;
      if (one.pending.size > 0) schedule(one, timing.gatherMs);
    }
  }

  /** The messages of an earlier run, with what they tell of. */
  function recall(wanted: readonly Watched[], rows: readonly AlertRow[]): void {
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const { id, messages } of wanted) {
      const subscription = subscriptions.get(id);
      if (subscription === undefined || subscription.messages.size > 0) continue;
      const byHandle = new Map<string, Message>();
      for (const { key, handle } of messages) {
        const row = byId.get(key);
        if (row === undefined) continue;
        const text = JSON.stringify(handle);
        const message = byHandle.get(text) ?? {
          handle,
          alerts: new Map(),
          more: 0,
          buttons: [],
          stamp: undefined,
        };
        message.alerts.set(key, row);
        byHandle.set(text, message);
        subscription.messages.set(key, message);
      }
      for (const message of byHandle.values()) {
        message.buttons = buttonsFor(subscription, [...message.alerts.values()]);
      }
    }
  }

  function forget(subscription: Subscription): void {
    subscription.isGone = true;
    if (subscription.timer !== null) clearTimeout(subscription.timer);
    subscriptions.delete(subscription.watched.id);
    told.delete(subscription.watched.id);
  }

  /** Something may have changed. */
  function hint(): void {
    if (isStopped) return;
    if (isScanning) {
      scanAgain = true;
      return;
    }
    isScanning = true;
    scanAgain = false;
    void scan()
      .catch((error: unknown) => {
        if (!isAway(error)) log.warn({ err: error }, 'the alerts could not be read');
      })
      .finally(() => {
        isScanning = false;
        if (scanTimer !== null) clearTimeout(scanTimer);
        const pause = scanAgain ? timing.gatherMs / 2 : isJoined ? timing.resyncMs : timing.pollMs;
        if (!isStopped) scanTimer = setTimeout(hint, pause);
      });
  }

  async function scan(): Promise<void> {
    if (subscriptions.size === 0) {
      since = Date.now();
      return;
    }
    const from = new Date(Math.max(since - overlapMs, Date.now() - oldestMs)).toISOString();
    let newest = since;
    for (let at = 0; ; at += alertPage) {
      const rows = await readAlertsSince(client, from, at);
      const fresh = rows.filter((row) => {
        const version = `${row.last_at}${row.resolved_at}${row.read_at}${row.dismissed_at}`;
        if (seen.get(row.id) === version) return false;
        seen.delete(row.id);
        seen.set(row.id, version);
        return true;
      });
      await knowAgents(fresh);
      for (const row of fresh) offer(row, subscriptions.values());
      newest = Math.max(newest, Date.parse(rows.at(-1)?.last_at ?? '') || 0);
      if (rows.length < alertPage) break;
    }
    since = newest;
    for (const id of seen.keys()) {
      if (seen.size <= mostSeen) break;
      seen.delete(id);
    }
  }

  function offer(row: AlertRow, to: Iterable<Subscription>): void {
    const changedAt = microsOf(row.last_at) ?? 0;
    const agent = agents.get(agentIdOf(row) ?? '') ?? null;
    const isNews =
      row.resolved_at === null && row.dismissed_at === null && row.read_at === null && !row.muted;
    for (const subscription of to) {
      if (changedAt <= subscription.from) continue;
      const isTold = subscription.messages.has(row.id);
      if (isTold || (isNews && matches(subscription.watched.filter, row, agent))) {
        subscription.pending.set(row.id, row);
        if (subscription.isCaughtUp) schedule(subscription, timing.gatherMs);
      } else {
        // It was over before anybody had to be told.
        subscription.pending.delete(row.id);
      }
    }
  }

  function schedule(subscription: Subscription, pauseMs: number): void {
    if (subscription.timer !== null || subscription.isBusy || subscription.isGone || isStopped) return;
    subscription.timer = setTimeout(() => {
      subscription.timer = null;
      if (subscription.pending.size === 0) return;
      const wait = waitFor(subscription);
      if (wait > 0) {
        schedule(subscription, wait);
        return;
      }
      subscription.isBusy = true;
      void flush(subscription)
        .catch((error: unknown) => {
          log.error({ err: error }, 'alerts could not be told');
          return timing.retryMs;
        })
        .then((pause) => {
          subscription.isBusy = false;
          if (subscription.pending.size > 0) schedule(subscription, pause);
        });
    }, pauseMs);
  }

  /** How long alerts are held back: in quiet hours, and until the next summary. What is critical waits for neither. */
  function waitFor({ watched, pending, nextDigestAt, messages }: Subscription): number {
    const rows = [...pending.values()];
    if (rows.some(({ severity, resolved_at }) => severity === 'critical' && resolved_at === null)) return 0;
    const now = core.house.now();
    const quiet = quietMinutes(watched.filter.quiet, now) * 60_000;
    if (quiet > 0) return Math.min(quiet, longestSleepMs);
    const isEditOnly = rows.every(({ id }) => messages.has(id));
    return isEditOnly || watched.filter.digest_minutes === undefined
      ? 0
      : Math.min(longestSleepMs, Math.max(0, nextDigestAt - Date.now()));
  }

  /** Tells what waits. Gives when to try again where some of it could not be told. */
  async function flush(subscription: Subscription): Promise<number> {
    const { pending, messages, place, watched } = subscription;
    // What could not be told at first comes before what has come since.
    const taken = [...pending.values()].sort(
      (a, b) => (microsOf(a.last_at) ?? 0) - (microsOf(b.last_at) ?? 0),
    );
    pending.clear();
    subscription.nextDigestAt = Date.now() + (watched.filter.digest_minutes ?? 0) * 60_000;
    const changed = new Set<Message>();
    const news: AlertRow[] = [];
    for (const row of taken) {
      const message = messages.get(row.id);
      if (message === undefined) news.push(row);
      else {
        message.alerts.set(row.id, row);
        changed.add(message);
      }
    }
    const outbox = core.house.outbox(place.platform);
    const keys: { key: string; handle: Handle; open: boolean }[] = [];

    const listed = news.slice(0, mostListed);
    if (listed.length > 0) {
      const offered = buttonsFor(subscription, listed);
      const more = news.length - listed.length;
      const sent = await outbox.send(
        place,
        alertCard({ alerts: listed, more, buttons: offered, stamp: undefined }),
      );
      if (!sent.ok) return untold(subscription, taken, sent);
      const { handle } = sent;
      if (handle !== null) {
        const message: Message = {
          handle,
          alerts: new Map(listed.map((row) => [row.id, row])),
          more,
          buttons: offered,
          stamp: undefined,
        };
        for (const { id } of listed) {
          messages.set(id, message);
          keys.push({ key: id, handle, open: true });
        }
      }
    }

    for (const message of changed) {
      const alerts = [...message.alerts.values()];
      const sent = await outbox.edit(place, message.handle, alertCard({ ...message, alerts }));
      if (!sent.ok && sent.problem.kind !== 'gone') return untold(subscription, taken, sent);
      for (const { id, resolved_at, dismissed_at } of alerts) {
        if (resolved_at === null && dismissed_at === null && sent.ok) continue;
        messages.delete(id);
        keys.push({ key: id, handle: message.handle, open: false });
      }
    }
    const cursor = taken.reduce(
      (latest, { last_at }) => ((microsOf(last_at) ?? 0) > (microsOf(latest) ?? 0) ? last_at : latest),
      '',
    );
    keep({ subscription_id: watched.id, cursor, messages: keys });
    return timing.gatherMs;
  }

  /** What could not be told is told later, unless there is something newer about it; a chat that is closed is left alone. */
  function untold(subscription: Subscription, rows: readonly AlertRow[], sent: Sent): number {
    if (sent.ok) return 0;
    const { problem } = sent;
    if (problem.kind === 'closed') {
      close(subscription, problem.reason);
      return 0;
    }
    if (problem.kind === 'moved') subscription.place = { ...subscription.place, channel: problem.channel };
    else log.warn({ problem, platform: subscription.place.platform }, 'alerts wait for a chat');
    for (const row of rows) if (!subscription.pending.has(row.id)) subscription.pending.set(row.id, row);
    return problem.kind === 'moved' ? 0 : timing.retryMs;
  }

  /** Nobody sees the alerts of this chat any more: that is told where somebody does. */
  function close(subscription: Subscription, reason: string): void {
    const { watched, place } = subscription;
    log.warn({ platform: place.platform, channel: place.channel, reason }, 'a chat takes no alerts any more');
    const others = [...subscriptions.values()]
      .filter((other) => other !== subscription)
      .sort((a, b) => Number(b.place.kind === 'direct') - Number(a.place.kind === 'direct'))
      .slice(0, mostToldElsewhere);
    forget(subscription);
    keep({ subscription_id: watched.id, cursor: watched.cursor ?? '', messages: [], disabled: reason });
    for (const other of others) {
      void core.house.outbox(other.place.platform).send(other.place, {
        title: `Alerts no longer reach a ${place.platform} chat`,
        tone: 'warning',
        state: 'unsubscribed',
        body: [{ kind: 'text', text: `${place.channel}: ${reason}` }],
        footer: 'Somebody there says subscribe again when it is mended.',
      });
    }
  }

  function keep(row: Told): void {
    const before = told.get(row.subscription_id);
    told.set(row.subscription_id, {
      ...row,
      cursor: row.cursor === '' ? (before?.cursor ?? '') : row.cursor,
      messages: [...(before?.messages ?? []), ...row.messages],
    });
  }

  async function save(): Promise<void> {
    while (told.size > 0) {
      const some = [...told.values()].slice(0, mostTold);
      for (const { subscription_id } of some) told.delete(subscription_id);
      try {
        await hq.told(some);
      } catch (error) {
        if (!isAway(error)) log.error({ err: error }, 'what was told could not be kept');
        else for (const row of some) keepEarlier(row);
        return;
      }
    }
  }

  function keepEarlier(row: Told): void {
    const later = told.get(row.subscription_id);
    told.set(
      row.subscription_id,
      later === undefined ? row : { ...later, messages: [...row.messages, ...later.messages] },
    );
  }

  async function saveForever(): Promise<void> {
    while (!isStopped) {
      await delay(timing.saveMs, undefined, { ref: false });
      saving = save();
      await saving;
    }
  }

  async function reloadForever(): Promise<void> {
    while (!isStopped) {
      for (const platform of platforms) {
        await load(platform).catch((error: unknown) => {
          if (!isAway(error)) log.warn({ err: error, platform }, 'the subscriptions could not be read');
        });
      }
      await delay(timing.reloadMs, undefined, { ref: false });
    }
  }

  async function knowAgents(rows: readonly AlertRow[]): Promise<void> {
    if (rows.every((row) => agentIdOf(row) === null || agents.has(agentIdOf(row) ?? ''))) return;
    const records = await client.ask<unknown>(
      client.supabase.from('agents').select('id,slug,domains,capabilities,meta').limit(1000),
    );
    for (const { id, slug, domains, capabilities, meta } of agentRows.parse(records)) {
      agents.set(id, {
        slug,
        tags: [...domains, ...capabilities, ...(meta.team === undefined ? [] : [meta.team])],
      });
    }
  }

  function buttonsFor({ place }: Subscription, alerts: readonly AlertRow[]): Button[] {
    const offer = (label: string, command: string, values: Record<string, string>): Button =>
      buttons.offer(place, { label, intent: { command, values }, user: null, seconds: 604_800 });
    const [only] = alerts;
    const seenAll = offer(alerts.length === 1 ? 'Acknowledge' : 'Acknowledge all', 'alert_seen', {
      alerts: alerts.map(({ id }) => id).join(','),
    });
    if (alerts.length !== 1 || only === undefined) return [seenAll];
    const gateway = gatewayIdOf(only);
    return [
      seenAll,
      offer('Mute for 1 h', 'alert_mute', { alert: only.id, minutes: '60' }),
      ...(only.entity_type === 'agent_command' && only.entity_id !== null
        ? [offer('Retry', 'retry', { command: only.entity_id })]
        : []),
      ...(gateway === null ? [] : [offer('Open logs', 'logs_of', { gateway })]),
    ];
  }

  /** Somebody has decided about alerts: their messages say so at once. */
  async function decided(ids: readonly string[], stamp: string): Promise<void> {
    const rows = await readAlerts(client, ids);
    for (const subscription of subscriptions.values()) {
      for (const row of rows) {
        const message = subscription.messages.get(row.id);
        if (message === undefined) continue;
        message.stamp = stamp;
        message.buttons = [];
        subscription.pending.set(row.id, row);
        schedule(subscription, 0);
      }
    }
  }

  return {
    start() {
      core.onSubscriptions((platform) => {
        load(platform).catch((error: unknown) =>
          log.warn({ err: error }, 'the subscriptions could not be read'),
        );
      });
      core.onAlertsDecided((ids, stamp) => {
        decided(ids, stamp).catch((error: unknown) =>
          log.warn({ err: error }, 'an alert’s message was not changed'),
        );
      });
      watch = watchChanges(client.supabase, {
        bindings: [{ table: 'notifications' }],
        onChange: hint,
        onState: (state) => {
          isJoined = state === 'joined';
          hint();
        },
      });
      void reloadForever();
      void saveForever();
    },
    stop() {
      isStopped = true;
      if (scanTimer !== null) clearTimeout(scanTimer);
      for (const { timer } of subscriptions.values()) if (timer !== null) clearTimeout(timer);
      void watch?.close();
    },
    async save() {
      await saving;
      await save();
    },
    size: () => [...subscriptions.values()].reduce((sum, { pending }) => sum + pending.size, 0),
  };
}

const agentRows = z.array(
  z.object({
    id: z.string(),
    slug: z.string(),
    domains: z
      .array(z.string())
      .nullish()
      .transform((tags) => tags ?? []),
    capabilities: z
      .array(z.string())
      .nullish()
      .transform((tags) => tags ?? []),
    meta: z.object({ team: z.string().optional() }).catch({}),
  }),
);

function placeOf({ platform, install, channel, thread, kind }: Watched): Place {
  return { platform, install, channel, thread: thread ?? null, kind };
}

function agentIdOf(row: AlertRow): string | null {
  if (row.actor_agent_id !== null) return row.actor_agent_id;
  if (row.entity_type === 'agent') return row.entity_id;
  return /^agent:(.+)$/.exec(row.subject ?? '')?.[1] ?? null;
}

function gatewayIdOf(row: AlertRow): string | null {
  if (typeof row.meta.gateway_id === 'string') return row.meta.gateway_id;
  if (row.entity_type === 'gateway') return row.entity_id;
  return /^gateway:(.+)$/.exec(row.subject ?? '')?.[1] ?? null;
}

/** A database time in microseconds: two changes within a millisecond have an order. Null for none. */
function microsOf(time: string | null): number | null {
  const milliseconds = Date.parse(time ?? '');
  if (Number.isNaN(milliseconds)) return null;
  const fraction = /\.(\d+)/.exec(time ?? '')?.[1] ?? '';
  return milliseconds * 1000 + Number(fraction.slice(3, 6).padEnd(3, '0'));
}
