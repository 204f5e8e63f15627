import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import type { Redactor } from '@hq/shared/text';
import type { Adapter, Capabilities, CommandDescription } from '../contract/adapter.ts';
import type { House } from '../contract/command-context.ts';
import type { Platform } from '../contract/inbound.ts';
import type { ActionTable } from './action-table.ts';
import { createNames } from './api/autocomplete.ts';
import { createChatHq } from './api/chat-api.ts';
import { createBotRows } from './api/row-queries.ts';
import { createObstacles } from './cards/blockers.ts';
import { createButtons } from './cards/buttons.ts';
import { createExpiringCards } from './cards/expiring-cards.ts';
import { createCommandCards } from './cards/live-command-cards.ts';
import { createOutbox, type Outbox } from './cards/outbox.ts';
import { cleanBlock, cleanCard } from './cards/sanitize-card.ts';
import { actionCommands } from './commands/action-commands.ts';
import { byTopic } from './commands/help-topics.ts';
import { internalCommands, ownCommands } from './commands/index.ts';
import { isShownTo } from './commands/visibility.ts';
import { type Conversation, createConversation } from './dispatch/dispatcher.ts';
import type { Limits } from './dispatch/rate-limit.ts';
import { createVocabulary, describe } from './parse/command-registry.ts';
import { createQuestions } from './parse/pending-prompts.ts';

export interface CoreOptions {
  readonly client: HqClient;
  /** The catalogue, or one with other entries. */
  readonly actions: ActionTable;
  readonly redactor: Pick<Redactor, 'text'>;
  readonly log: Log;
  readonly limits?: Limits;
  readonly patienceMs?: number;
  /** How the adapters are, for `doctor`. */
  readonly condition?: House['condition'];
}

/** The one core of all platforms: adapters hand it what comes in, and it shows what becomes of it. */
export interface Core {
  readonly conversation: Conversation;
  readonly commands: readonly CommandDescription[];
  readonly house: House;
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
  const hq = createChatHq(client);
  const vocabulary = createVocabulary([...ownCommands(actions), ...actionCommands(actions)]);
  const buttons = createButtons(hq, log);
  const names = createNames(hq, actions, (who) => {
    const shown = vocabulary.commands.filter((command) => isShownTo(command, who));
    return [...byTopic(shown).map(({ topic }) => topic.name), ...shown.map(({ name }) => name)];
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

  const expiring = createExpiringCards(outbox);
  const rows = createBotRows(client);
  const obstacles = createObstacles(rows, actions, now);
  const cards = createCommandCards({
    hq,
    rows,
    obstacles,
    actions,
    buttons,
    capabilities,
    outbox,
    now,
    log,
  });
  const house: House = {
    hq,
    actions,
    vocabulary,
    buttons,
    questions: createQuestions(),
    cards,
    expiring,
    names,
    obstacles,
    now,
    capabilities,
    outbox,
    onSubscriptions: (platform) => {
      for (const listener of subscriptionListeners) listener(platform);
    },
    onAlertsDecided: () => {
      for (const listener of decisionListeners) listener();
    },
    condition: options.condition ?? (() => []),
  };
  const conversation = createConversation({
    house,
    internal: internalCommands,
    log,
    ...(options.limits !== undefined && { limits: options.limits }),
    ...(options.patienceMs !== undefined && { patienceMs: options.patienceMs }),
  });

  return {
    conversation,
    commands: describe(vocabulary.commands),
    house,
    attach(adapter) {
      const box = createOutbox({
        adapter,
        clean: (card) => cleanCard(card, redactor),
        cleanText: (text) => cleanBlock(text, redactor),
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
      await conversation.stop(limitMs);
      expiring.stop();
      await cards.stop();
      await Promise.all(
        [...attached.values()].map((one) => one.outbox.drain(Math.max(0, until - Date.now()))),
      );
    },
  };
}
