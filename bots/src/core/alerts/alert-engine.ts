import { setTimeout as delay } from 'node:timers/promises';
import type { HqClient } from '@hq/shared/client';
import type { Log } from '@hq/shared/log';
import type { Platform } from '../../contract/inbound.ts';
import { isUnreachable } from '../api/chat-api.ts';
import type { Core } from '../core.ts';
import { createAlertAgents } from './alert-agents.ts';
import { createAlertChannels } from './alert-channels.ts';
import { createAlertFeed } from './alert-feed.ts';
import { type AlertTiming, defaultTiming } from './alert-timing.ts';
import { createDeliveryLog } from './delivery-log.ts';

/** Brings alerts to the chats that want them. */
export interface AlertEngine {
  start(): void;
  /** Tells nothing new any more. */
  stop(): void;
  /** Keeps what was told and is not kept yet. */
  flush(): Promise<void>;
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

export function createAlertEngine(options: AlertEngineOptions): AlertEngine {
  const { client, core, platforms, log } = options;
  const timing: AlertTiming = { ...defaultTiming, ...options.timing };
  const keeper = createDeliveryLog(core.services.api, timing, log);
  const chats = createAlertChannels({ client, core, agents: createAlertAgents(client), keeper, timing, log });
  const feed = createAlertFeed({
    client,
    log,
    timing,
    now: core.services.now,
    isWanted: () => chats.count() > 0,
    onAlerts: chats.offer,
  });
  let isStopped = false;

  /** Gives whether the database answered. */
  async function load(platform: Platform): Promise<boolean> {
    try {
      await chats.load(platform);
      feed.refresh();
      return true;
    } catch (error) {
      if (!isUnreachable(error)) log.warn({ err: error, platform }, 'the subscriptions could not be read');
      return false;
    }
  }

  async function loadForever(): Promise<void> {
    while (!isStopped) {
      let isKnown = true;
      for (const platform of platforms) isKnown = (await load(platform)) && isKnown;
      await delay(isKnown ? timing.reloadMs : timing.pollMs, undefined, { ref: false });
    }
  }

  return {
    start() {
      core.onSubscriptions((platform) => void load(platform));
      core.onAlertsDecided(feed.refresh);
      feed.start();
      void loadForever();
    },
    stop() {
      isStopped = true;
      feed.stop();
      chats.stop();
    },
    flush: keeper.flush,
    size: chats.size,
  };
}
