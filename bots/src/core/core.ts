import { EventEmitter } from 'node:events';
import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import type { Redactor } from '@hq/shared/text';
import { LRUCache } from 'lru-cache';
import type { Adapter } from '../contract/adapter.ts';
import type { Platform } from '../contract/inbound.ts';
import type { ActionTable } from './action-table.ts';
import { createAutocomplete } from './api/autocomplete.ts';
import { createChatApi } from './api/chat-api.ts';
import { createRowQueries } from './api/row-queries.ts';
import { createBlockers } from './cards/blockers.ts';
import { createButtons } from './cards/buttons.ts';
import { createExpiringCards } from './cards/expiring-cards.ts';
import { LiveCommandCards } from './cards/live-command-cards.ts';
import { Outbox } from './cards/outbox.ts';
import { createSanitizer } from './cards/sanitizer.ts';
import { actionCommands } from './commands/action-commands.ts';
import type { Command, Services } from './commands/command.ts';
import { groupByTopic } from './commands/help-topics.ts';
import { builtInCommands, buttonCommands } from './commands/index.ts';
import { isVisibleTo } from './commands/visibility.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import type { RateLimits } from './dispatch/rate-limit.ts';
import { createCommandRegistry, describeCommands } from './parse/command-registry.ts';
import { createPendingPrompts } from './parse/pending-prompts.ts';
import { phrase } from './phrase.ts';

export interface CoreOptions {
  readonly client: HqClient;
  /** The catalogue, or one with other entries. */
  readonly actions: ActionTable;
  readonly redactor: Pick<Redactor, 'text'>;
  readonly log: Log;
  readonly limits?: RateLimits;
  readonly offlineRetryMs?: number;
  readonly formWaitMs?: number;
  readonly health?: Services['health'];
}

const maxMenus = 10_000;

interface Attached {
  readonly adapter: Adapter;
  readonly outbox: Outbox;
}

export type Core = ReturnType<typeof createCore>;

/** The one core of all platforms. Adapters hand it their deliveries, and it shows the results. */
export function createCore(options: CoreOptions) {
  const { redactor, log, limits, offlineRetryMs, formWaitMs } = options;
  const sanitizer = createSanitizer(redactor);
  const attached = new Map<Platform, Attached>();
  const events = new EventEmitter<{ subscriptions: [Platform]; decisions: [] }>();
  const services = createServices(options, attached, {
    onSubscriptionsChanged: (platform) => void events.emit('subscriptions', platform),
    onAlertsDecided: () => void events.emit('decisions'),
  });
  const dispatcher = new Dispatcher({
    services,
    sanitizer,
    buttonCommands,
    log,
    limits,
    offlineRetryMs,
    formWaitMs,
  });

  return {
    dispatcher,
    commands: describeCommands(services.registry.commands),
    services,
    /** Adds an adapter, or replaces the one of its platform. */
    attach(adapter: Adapter): void {
      const outbox = new Outbox({ adapter, sanitizer });
      attached.set(adapter.platform, { adapter, outbox });
    },
    /** Follows the cards of an earlier process. */
    async resume(platform: Platform): Promise<void> {
      await Promise.all([services.cards.resume(platform), services.expiringCards.resume(platform)]);
    },
    /** The number of messages that wait. */
    unsent: (platform: Platform): number => attached.get(platform)?.outbox.size() ?? 0,
    /** `subscriptions`: those of a platform have changed. `decisions`: an alert was acknowledged or muted. */
    events,
    async stop(limitMs: number): Promise<void> {
      const until = Date.now() + limitMs;
      await dispatcher.stop(limitMs);
      services.expiringCards.stop();
      await services.cards.stop();
      await Promise.all(
        [...attached.values()].map(({ outbox }) => outbox.drain(Math.max(0, until - Date.now()))),
      );
    },
  };
}

function createServices(
  { client, actions, log, health = () => [] }: CoreOptions,
  attached: ReadonlyMap<Platform, Attached>,
  notify: Pick<Services, 'onSubscriptionsChanged' | 'onAlertsDecided'>,
): Services {
  function attachedTo(platform: Platform): Attached {
    const found = attached.get(platform);
    if (found === undefined) throw new HqError('failed', `There is no adapter for ${platform}.`);
    return found;
  }
  const capabilities: Services['capabilities'] = (platform) => attachedTo(platform).adapter.capabilities;
  const outbox: Services['outbox'] = (platform) => attachedTo(platform).outbox;
  const now = (): number => client.clock.now();
  const api = createChatApi(client);
  const rows = createRowQueries(client);
  const registry = createCommandRegistry<Command>([...builtInCommands(actions), ...actionCommands(actions)]);
  const buttons = createButtons(api, log);
  /** The menus of direct chats, by their commands. */
  const menus = new LRUCache<string, string>({ max: maxMenus });
  const blockers = createBlockers(rows, actions, now);
  const expiringCards = createExpiringCards({ api, outbox, now, log });
  return {
    api,
    actions,
    registry,
    buttons,
    prompts: createPendingPrompts(expiringCards.forget),
    cards: new LiveCommandCards({ api, rows, blockers, actions, buttons, capabilities, outbox, now, log }),
    expiringCards,
    autocomplete: createAutocomplete(api, actions, (who) => {
      const visible = registry.commands.filter((command) => isVisibleTo(command, who));
      return [...groupByTopic(visible).map(({ topic }) => topic.name), ...visible.map(({ name }) => name)];
    }),
    blockers,
    describeTo(chat, commands) {
      const { platform, channel } = chat;
      const names = commands.map(({ name }) => name).join();
      const key = `${platform} ${channel}`;
      if (chat.kind !== 'direct' || menus.get(key) === names) return;
      menus.set(key, names);
      void attachedTo(platform).adapter.describeCommands(describeCommands(commands), chat);
    },
    now,
    capabilities,
    outbox,
    phrase: (text, place) => phrase(text, place, capabilities(place.platform).commands, registry),
    ...notify,
    health,
  };
}
