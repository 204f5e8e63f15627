import { setTimeout as delay } from 'node:timers/promises';
import type { HqClient } from '@hq/shared/client';
import type { Log } from '@hq/shared/log';
import type { Platform } from '../../contract/inbound.ts';
import { isUnreachable } from '../api/chat-api.ts';
import type { Core } from '../core.ts';
import { createAlertAgents } from './alert-agents.ts';
import { AlertChannels } from './alert-channels.ts';
import { AlertFeed } from './alert-feed.ts';
import { type AlertTiming, defaultTiming } from './alert-timing.ts';
import { DeliveryLog } from './delivery-log.ts';

export interface AlertEngineOptions {
  readonly client: HqClient;
  readonly core: Core;
  readonly platforms: readonly Platform[];
  readonly log: Log;
  readonly timing?: Partial<AlertTiming>;
}

export type AlertEngine = ReturnType<typeof createAlertEngine>;

/** Sends alerts to the chats that subscribed to them. */
export function createAlertEngine(options: AlertEngineOptions) {
  const { client, core, platforms, log } = options;
  const timing: AlertTiming = { ...defaultTiming, ...options.timing };
  const { services } = core;
  const deliveryLog = new DeliveryLog(services.api, timing, log);
  const agents = createAlertAgents(client);
  const channels = new AlertChannels({ client, services, agents, deliveryLog, timing, log });
  const feed = new AlertFeed({
    client,
    log,
    timing,
    now: services.now,
    isWanted: () => channels.count() > 0,
    onAlerts: (rows) => channels.offer(rows),
  });
  let isStopped = false;

  /** Resolves to false if the database did not answer. */
  async function load(platform: Platform): Promise<boolean> {
    try {
      await channels.load(platform);
      feed.refresh();
      return true;
    } catch (error) {
      if (!isUnreachable(error)) log.warn({ err: error, platform }, 'the subscriptions could not be read');
      return false;
    }
  }

  async function keepLoading(): Promise<void> {
    while (!isStopped) {
      let isLoaded = true;
      for (const platform of platforms) isLoaded = (await load(platform)) && isLoaded;
      await delay(isLoaded ? timing.reloadMs : timing.pollMs, undefined, { ref: false });
    }
  }

  return {
    start(): void {
      core.onSubscriptionsChanged((platform) => void load(platform));
      core.onAlertsDecided(() => feed.refresh());
      feed.start();
      void keepLoading();
    },
    /** Sends nothing new. */
    stop(): void {
      isStopped = true;
      feed.stop();
      channels.stop();
    },
    /** Records the deliveries that are not recorded yet. */
    flush: (): Promise<void> => deliveryLog.flush(),
    /** The number of alerts that wait for their chats. */
    size: (): number => channels.size(),
  };
}
