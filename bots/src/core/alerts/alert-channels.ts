import type { HqClient } from '@hq/shared/client';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import type { Subscription } from '../api/chat-api.ts';
import type { Services } from '../commands/command.ts';
import type { FindAlertAgents } from './alert-agents.ts';
import { AlertChannel, type AlertChannelOptions } from './alert-channel.ts';
import { type AlertRow, alertsSince, readAlerts } from './alert-row.ts';
import { oldestMs } from './alert-timing.ts';

export interface AlertChannelsOptions extends AlertChannelOptions {
  readonly client: HqClient;
  readonly services: AlertChannelOptions['services'] & Pick<Services, 'api'>;
  readonly findAgents: FindAlertAgents;
}

/** Other chats that hear of a chat which accepts no alerts any more. */
const maxNotified = 3;

/** The subscribed chats of all platforms. */
export class AlertChannels {
  readonly #options: AlertChannelsOptions;
  readonly #channels = new Map<string, AlertChannel>();
  #loaded: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: AlertChannelsOptions) {
    this.#options = options;
  }

  /** Reads the subscriptions of a platform, one read at a time. New chats get the alerts since their last one. */
  load(platform: Platform): Promise<void> {
    const next = this.#loaded.then(() => this.#load(platform));
    this.#loaded = next.catch(() => undefined);
    return next;
  }

  offer(rows: readonly AlertRow[]): Promise<void> {
    return this.#offer(rows, [...this.#channels.values()]);
  }

  count(): number {
    return this.#channels.size;
  }

  /** The number of alerts that wait for their chats. */
  size(): number {
    return [...this.#channels.values()].reduce((sum, channel) => sum + channel.size(), 0);
  }

  stop(): void {
    this.#isStopped = true;
    for (const channel of this.#channels.values()) channel.stop();
  }

  async #load(platform: Platform): Promise<void> {
    const { client, services } = this.#options;
    const subscriptions = await services.api.subscriptions(platform);
    if (this.#isStopped) return;
    const ids = new Set(subscriptions.map(({ id }) => id));
    for (const [id, channel] of this.#channels) {
      if (channel.location().platform !== platform) continue;
      if (ids.has(id)) channel.prune(services.now());
      else this.#remove(id);
    }
    for (const subscription of subscriptions) this.#channels.get(subscription.id)?.update(subscription);
    const added = subscriptions.filter(({ id }) => !this.#channels.has(id));
    const delivered = new Set(added.flatMap(({ messages }) => messages.map(({ key }) => key)));
    const rows = await readAlerts(client, [...delivered]);
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const subscription of added) this.#add(subscription).restore(byId);
    const channels = subscriptions.flatMap(({ id }) => this.#channels.get(id) ?? []);
    await this.#catchUp(channels.filter((channel) => !channel.hasBegun()));
  }

  #add(subscription: Subscription): AlertChannel {
    const { id } = subscription;
    const channel = new AlertChannel(subscription, this.#options, (reason) => this.#onClosed(id, reason));
    this.#channels.set(id, channel);
    return channel;
  }

  #remove(id: string): void {
    this.#channels.get(id)?.stop();
    this.#channels.delete(id);
    this.#options.deliveryLog.forget(id);
  }

  /** Ends the subscription of a chat that accepts nothing any more, and reports it to other chats. */
  #onClosed(id: string, reason: string): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    const { services, deliveryLog, log } = this.#options;
    const away = channel.location();
    const { platform, channel: chat } = away;
    log.warn({ platform, channel: chat, reason }, 'a chat accepts no alerts any more');
    this.#remove(id);
    deliveryLog.record({ subscription_id: id, cursor: '', messages: [], disabled: reason });
    // Chats of other platforms first: one cause may have closed several of a platform.
    const rank = (location: ChatLocation): number =>
      Number(location.platform === platform) * 2 + Number(location.kind === 'group');
    const others = [...this.#channels.values()]
      .map((other) => other.location())
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, maxNotified);
    for (const location of others) {
      void services.outbox(location.platform).send(location, {
        title: `Alerts no longer reach a ${platform} chat`,
        tone: 'warning',
        state: 'unsubscribed',
        body: [{ kind: 'text', text: `${chat}: ${reason}` }],
        footer: services.phrase(
          'To get alerts there again, repair the chat and type `subscribe` in it.',
          away,
        ),
      });
    }
  }

  /** Sends earlier alerts to new chats alone: the others have them. */
  async #catchUp(channels: readonly AlertChannel[]): Promise<void> {
    if (channels.length === 0) return;
    const { client, services } = this.#options;
    const earliest = Math.min(...channels.map(({ from }) => Math.floor(from / 1000)));
    const since = new Date(Math.max(earliest, services.now() - oldestMs)).toISOString();
    for await (const rows of alertsSince(client, since)) await this.#offer(rows, channels);
    for (const channel of channels) channel.begin();
  }

  async #offer(rows: readonly AlertRow[], channels: readonly AlertChannel[]): Promise<void> {
    const agentOf = await this.#options.findAgents(rows);
    for (const row of rows) for (const channel of channels) channel.offer(row, agentOf(row));
  }
}
