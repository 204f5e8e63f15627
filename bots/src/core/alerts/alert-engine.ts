import type { HqClient } from '@hq/shared/client';
import type { Log } from '@hq/shared/log';
import type { Platform } from '../../contract/inbound.ts';
import { isUnreachable } from '../api/chat-api.ts';
import type { Core } from '../core.ts';
import { createRepeater } from '../repeater.ts';
import { createAlertAgents } from './alert-agents.ts';
import { AlertChannels } from './alert-channels.ts';
import { AlertFeed } from './alert-feed.ts';
import { type AlertTiming, defaultTiming } from './alert-timing.ts';
import { createDeliveryLog } from './delivery-log.ts';

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
  const deliveryLog = createDeliveryLog(services.api, timing, log);
  const findAgents = createAlertAgents(client);
  const channels = new AlertChannels({ client, services, findAgents, deliveryLog, timing, log });
  const feed = new AlertFeed({
    client,
    log,
    timing,
    now: services.now,
    isWanted: () => channels.count() > 0,
    onAlerts: (rows) => channels.offer(rows),
  });

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

  const loading = createRepeater(async () => {
    let isLoaded = true;
    for (const platform of platforms) isLoaded = (await load(platform)) && isLoaded;
    return isLoaded ? timing.reloadMs : timing.pollMs;
  });

  return {
    start(): void {
      core.events.on('subscriptions', (platform) => void load(platform));
      core.events.on('decisions', () => feed.refresh());
      feed.start();
      loading.request(0);
    },
    /** Sends nothing new. */
    stop(): void {
      loading.stop();
      feed.stop();
      channels.stop();
    },
    /** Records the deliveries that are not recorded yet. */
    flush: (): Promise<void> => deliveryLog.flush(),
    /** The number of alerts that wait for their chats. */
    size: (): number => channels.size(),
  };
}
