import type { HqClient } from '@hq/shared/client';
import type { Log } from '@hq/shared/log';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import type { Subscription } from '../api/chat-api.ts';
import type { Core } from '../core.ts';
import type { AlertAgents } from './alert-agents.ts';
import { type AlertChannel, createAlertChannel } from './alert-channel.ts';
import { type AlertRow, alertsSince, readAlerts } from './alert-row.ts';
import { type AlertTiming, oldestMs } from './alert-timing.ts';
import type { DeliveryLog } from './delivery-log.ts';

/** Whom to tell: the chats that are subscribed. */
export interface AlertChannels {
  /** Reads what is subscribed on a platform, and tells the chats that are new here what came before. */
  load(platform: Platform): Promise<void>;
  offer(rows: readonly AlertRow[]): Promise<void>;
  count(): number;
  /** How many alerts wait for their chats. */
  size(): number;
  stop(): void;
}

export interface AlertChannelsOptions {
  readonly client: HqClient;
  readonly core: Core;
  readonly agents: AlertAgents;
  readonly keeper: DeliveryLog;
  readonly timing: AlertTiming;
  readonly log: Log;
}

const mostToldElsewhere = 3;

export function createAlertChannels(options: AlertChannelsOptions): AlertChannels {
  const { client, core, agents, keeper, timing, log } = options;
  const { api, buttons, now } = core.services;
  const chats = new Map<string, AlertChannel>();
  let loaded: Promise<void> = Promise.resolve();
  let isStopped = false;

  function open(watched: Subscription): AlertChannel {
    const chat = createAlertChannel({
      watched,
      outbox: ({ platform }) => core.services.outbox(platform),
      maxText: core.services.capabilities(watched.platform).maxText,
      buttons,
      now,
      keep: (told) => keeper.record({ subscription_id: watched.id, ...told }),
      onClosed: (reason) => close(watched.id, reason),
      timing,
      log,
    });
    chats.set(watched.id, chat);
    return chat;
  }

  function forget(id: string): void {
    chats.get(id)?.stop();
    chats.delete(id);
    keeper.forget(id);
  }

  /** Nobody sees the alerts of this chat any more: that is told where somebody does. */
  function close(id: string, reason: string): void {
    const chat = chats.get(id);
    if (chat === undefined) return;
    const { platform, channel } = chat.location();
    log.warn({ platform, channel, reason }, 'a chat takes no alerts any more');
    forget(id);
    keeper.record({ subscription_id: id, cursor: '', messages: [], disabled: reason });
    // What closed one chat of a platform may close its others too.
    const rank = (location: ChatLocation): number =>
      Number(location.platform === platform) * 2 + Number(location.kind === 'group');
    const others = [...chats.values()]
      .map((other) => other.location())
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, mostToldElsewhere);
    for (const location of others) {
      void core.services.outbox(location.platform).send(location, {
        title: `Alerts no longer reach a ${platform} chat`,
        tone: 'warning',
        state: 'unsubscribed',
        body: [{ kind: 'text', text: `${channel}: ${reason}` }],
        footer: 'Somebody there says subscribe again when it is mended.',
      });
    }
  }

  async function load(platform: Platform): Promise<void> {
    const wanted = await api.subscriptions(platform);
    if (isStopped) return;
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, chat] of chats) {
      if (chat.location().platform !== platform) continue;
      if (ids.has(id)) chat.prune(now());
      else forget(id);
    }
    for (const one of wanted) chats.get(one.id)?.update(one);
    const unknown = wanted.filter(({ id }) => !chats.has(id));
    const told = await readAlerts(client, [
      ...new Set(unknown.flatMap(({ messages }) => messages.map(({ key }) => key))),
    ]);
    const byId = new Map(told.map((row) => [row.id, row]));
    for (const one of unknown) open(one).restore(byId);
    await catchUp(wanted.flatMap(({ id }) => chats.get(id) ?? []).filter((chat) => !chat.hasBegun()));
  }

  /** What came before a chat was known here is told to that chat alone: the others have it. */
  async function catchUp(behind: readonly AlertChannel[]): Promise<void> {
    if (behind.length === 0) return;
    const earliest = Math.min(...behind.map(({ from }) => Math.floor(from / 1000)));
    const since = new Date(Math.max(earliest, now() - oldestMs)).toISOString();
    for await (const rows of alertsSince(client, since)) await offer(rows, behind);
    for (const chat of behind) chat.begin();
  }

  async function offer(rows: readonly AlertRow[], to: Iterable<AlertChannel>): Promise<void> {
    await agents.know(rows);
    for (const row of rows) {
      const agent = agents.of(row);
      for (const chat of to) chat.offer(row, agent);
    }
  }

  return {
    load(platform) {
      const next = loaded.then(() => load(platform));
      loaded = next.catch(() => undefined);
      return next;
    },
    offer: (rows) => offer(rows, [...chats.values()]),
    count: () => chats.size,
    size: () => [...chats.values()].reduce((sum, chat) => sum + chat.size(), 0),
    stop() {
      isStopped = true;
      for (const chat of chats.values()) chat.stop();
    },
  };
}
