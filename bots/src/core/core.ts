import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import type { Redactor } from '@hq/shared/text';
import type { Adapter, Capabilities, CommandDescription } from '../contract/adapter.ts';
import type { Platform } from '../contract/inbound.ts';
import type { ActionTable } from './action-table.ts';
import { createAutocomplete } from './api/autocomplete.ts';
import { createChatApi } from './api/chat-api.ts';
import { createRowQueries } from './api/row-queries.ts';
import { createBlockers } from './cards/blockers.ts';
import { createButtons } from './cards/buttons.ts';
import { createExpiringCards } from './cards/expiring-cards.ts';
import { LiveCommandCards } from './cards/live-command-cards.ts';
import { createOutbox, type Outbox } from './cards/outbox.ts';
import { sanitizeBlock, sanitizeCard } from './cards/sanitize-card.ts';
import { actionCommands } from './commands/action-commands.ts';
import type { Command, Services } from './commands/command.ts';
import { groupByTopic } from './commands/help-topics.ts';
import { builtInCommands, buttonCommands } from './commands/index.ts';
import { isVisibleTo } from './commands/visibility.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import type { RateLimits } from './dispatch/rate-limit.ts';
import { createCommandRegistry, describeCommands } from './parse/command-registry.ts';
import { createPendingPrompts } from './parse/pending-prompts.ts';

export interface CoreOptions {
  readonly client: HqClient;
  /** The catalogue, or one with other entries. */
  readonly actions: ActionTable;
  readonly redactor: Pick<Redactor, 'text'>;
  readonly log: Log;
  readonly limits?: RateLimits;
  readonly offlineRetryMs?: number;
  /** How the adapters are, for `doctor`. */
  readonly health?: Services['health'];
}

/** The one core of all platforms: adapters hand it what comes in, and it shows what becomes of it. */
export interface Core {
  readonly dispatcher: Dispatcher;
  readonly commands: readonly CommandDescription[];
  readonly services: Services;
  /** Takes an adapter in. It may be the next one of the same platform. */
  attach(adapter: Adapter): void;
  /** Brings what an earlier run left behind up to date. */
  resume(platform: Platform): Promise<void>;
  /** How much waits to be sent. */
  unsent(platform: Platform): number;
  /** Told when somebody has changed what comes to a chat. */
  onSubscriptions(listener: (platform: Platform) => void): void;
  /** Told when somebody has decided about alerts. */
  onAlertsDecided(listener: () => void): void;
  stop(limitMs: number): Promise<void>;
}

export function createCore(options: CoreOptions): Core {
  const { client, actions, redactor, log } = options;
  const api = createChatApi(client);
  const registry = createCommandRegistry<Command>([...builtInCommands(actions), ...actionCommands(actions)]);
  const buttons = createButtons(api, log);
  const autocomplete = createAutocomplete(api, actions, (who) => {
    const shown = registry.commands.filter((command) => isVisibleTo(command, who));
    return [...groupByTopic(shown).map(({ topic }) => topic.name), ...shown.map(({ name }) => name)];
  });
  const attached = new Map<Platform, { adapter: Adapter; outbox: Outbox }>();
  const subscriptionListeners = new Set<(platform: Platform) => void>();
  const decisionListeners = new Set<() => void>();

  function of(platform: Platform): { adapter: Adapter; outbox: Outbox } {
    const found = attached.get(platform);
    if (found === undefined) throw new HqError('failed', `There is no adapter for ${platform}.`);
    return found;
  }
  const capabilities = (platform: Platform): Capabilities => of(platform).adapter.capabilities;
  const outbox = (platform: Platform): Outbox => of(platform).outbox;
  const now = (): number => client.clock.now();

  const expiringCards = createExpiringCards(outbox);
  const rows = createRowQueries(client);
  const blockers = createBlockers(rows, actions, now);
  const cards = new LiveCommandCards({
    api,
    rows,
    blockers,
    actions,
    buttons,
    capabilities,
    outbox,
    now,
    log,
  });
  const services: Services = {
    api,
    actions,
    registry,
    buttons,
    prompts: createPendingPrompts(),
    cards,
    expiringCards,
    autocomplete,
    blockers,
    now,
    capabilities,
    outbox,
    onSubscriptionsChanged: (platform) => {
      for (const listener of subscriptionListeners) listener(platform);
    },
    onAlertsDecided: () => {
      for (const listener of decisionListeners) listener();
    },
    health: options.health ?? (() => []),
  };
  const dispatcher = new Dispatcher({
    services,
    buttonCommands: buttonCommands,
    log,
    ...(options.limits !== undefined && { limits: options.limits }),
    ...(options.offlineRetryMs !== undefined && { offlineRetryMs: options.offlineRetryMs }),
  });

  return {
    dispatcher,
    commands: describeCommands(registry.commands),
    services,
    attach(adapter) {
      const box = createOutbox({
        adapter,
        sanitize: (card) => sanitizeCard(card, redactor),
        sanitizeText: (text) => sanitizeBlock(text, redactor),
      });
      attached.set(adapter.platform, { adapter, outbox: box });
    },
    resume: (platform) => cards.resume(platform),
    unsent: (platform) => attached.get(platform)?.outbox.size() ?? 0,
    onSubscriptions(listener) {
      subscriptionListeners.add(listener);
    },
    onAlertsDecided(listener) {
      decisionListeners.add(listener);
    },
    async stop(limitMs) {
      const until = Date.now() + limitMs;
      await dispatcher.stop(limitMs);
      expiringCards.stop();
      await cards.stop();
      await Promise.all(
        [...attached.values()].map((one) => one.outbox.drain(Math.max(0, until - Date.now()))),
      );
    },
  };
}
