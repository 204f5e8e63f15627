import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import type { Handle } from '../../contract/card.ts';
import type { Command } from '../../contract/command.ts';
import type { Services } from '../../contract/command-context.ts';
import type { Acknowledgement, Choice, Inbound, Receiver, Reply } from '../../contract/inbound.ts';
import { type Delivery, isUnreachable } from '../api/chat-api.ts';
import { errorCard } from '../cards/error-card.ts';
import { type CommandRegistry, createCommandRegistry } from '../parse/command-registry.ts';
import { buildForm } from './build-form.ts';
import { deliveryKey } from './delivery-key.ts';
import { asStranger, authorizeCommand, authorizePrompt, executePlan } from './execute-plan.ts';
import { createOfflineRetry } from './offline-retry.ts';
import { createRateLimiter, type RateLimits } from './rate-limit.ts';
import { createResponder, type Responder } from './responder.ts';
import { type Plan, routeDelivery, sourceMessage } from './route-delivery.ts';

export interface Dispatcher extends Receiver {
  /** How many requests are on their way. */
  size(): number;
  /** Takes nothing in any more, and lets what is on its way end. */
  stop(limitMs: number): Promise<void>;
}

export interface DispatcherOptions {
  readonly services: Services;
  /** Commands that buttons name and nobody types. */
  readonly buttonCommands: readonly Command[];
  readonly log: Log;
  /** How long a request is kept while the database is away. */
  readonly offlineRetryMs?: number;
  readonly limits?: RateLimits;
}

const completionMs = 1_400;
/** How long a form waits for the database to say whether it is for this person at all. */
const formWaitsMs = 300;
const mostAtOnce = 2_000;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { services, buttonCommands, log } = options;
  const requests: CommandRegistry = createCommandRegistry([...services.registry.commands, ...buttonCommands]);
  const offlineRetry = createOfflineRetry(options.offlineRetryMs);
  const countOne = createRateLimiter(options.limits);
  const running = new Set<Promise<void>>();
  let isStopped = false;

  function start(inbound: Inbound, reply: Reply, plan: Plan, isPrivate: boolean): void {
    const work = handle(inbound, reply, plan, isPrivate).catch((error: unknown) => {
      log.error({ err: error, platform: inbound.platform }, 'a request failed');
    });
    running.add(work);
    void work.finally(() => running.delete(work));
  }

  async function handle(inbound: Inbound, reply: Reply, plan: Plan, isPrivate: boolean): Promise<void> {
    const delivery: Delivery = { sender: inbound, key: deliveryKey(inbound) };
    const message = sourceMessage(inbound, services.buttons);
    const outbox = services.outbox(inbound.platform);
    const onReplaced = services.expiringCards.forget;
    const responder = createResponder({
      sender: inbound,
      reply,
      outbox,
      isPrivate,
      message,
      onReplaced,
      log,
    });
    const { answer, replace } = responder;
    try {
      await offlineRetry.run(inbound.user, responder, () =>
        executePlan(plan, { delivery, services, requests, isPrivate, message, answer, replace }),
      );
    } catch (error) {
      await showError(error, inbound, message, responder);
      if (!(error instanceof HqError)) log.error({ err: error }, 'a command failed in an unexpected way');
    }
  }

  async function completeFor(
    delivery: Delivery,
    { words, argument, typed }: Parameters<Receiver['complete']>[1],
  ): Promise<readonly Choice[]> {
    const command = requests.byPath(words);
    const completion = command?.arguments.find(({ name }) => name === argument)?.completion ?? null;
    if (command === undefined || completion === null) return [];
    await authorizeCommand(delivery, command, services.autocomplete);
    return services.autocomplete.find(delivery, completion, typed);
  }

  /** Why no form opens. One cannot wait for a database that is slow; what is filled in is decided when it comes back. */
  function refusalOf(inbound: Inbound, plan: Plan & { readonly kind: 'ask' }): Promise<HqError | null> {
    const delivery: Delivery = { sender: inbound, key: deliveryKey(inbound) };
    return Promise.race([
      delay(formWaitsMs, null, { ref: false }),
      authorizePrompt(delivery, plan, services).then(
        () => null,
        (error: unknown) => (error instanceof HqError && !isUnreachable(error) ? error : null),
      ),
    ]);
  }

  return {
    async receive(inbound, reply): Promise<Acknowledgement> {
      const capabilities = services.capabilities(inbound.platform);
      if (isStopped) {
        // Left open, it comes to the next process where the platform brings things again.
        return capabilities.redelivers ? new Promise<never>(() => undefined) : { kind: 'quiet' };
      }
      const { input } = inbound;
      const isUnaddressed =
        input.kind === 'words' &&
        input.answer === true &&
        inbound.kind === 'group' &&
        !services.prompts.has(inbound);
      if (isUnaddressed) return { kind: 'quiet' };
      if (input.kind === 'button' && offlineRetry.isCancelToken(input.token)) {
        if (!offlineRetry.cancel(input.token, inbound.user))
          start(inbound, reply, { kind: 'fault', error: notKept() }, false);
        return { kind: 'quiet' };
      }
      const isPublic = inbound.kind === 'group' && !capabilities.private;
      const excess = countOne(inbound, isPublic);
      if (isPublic && excess?.isNews === false) return { kind: 'quiet' };
      if (excess !== null || running.size >= mostAtOnce) {
        start(inbound, reply, { kind: 'fault', error: tooMuch(excess?.waitMs ?? 0) }, true);
        return { kind: 'working', private: true };
      }
      let plan: Plan =
        inbound.stranger === undefined ? routeDelivery(inbound, services, requests) : { kind: 'ignore' };
      if (plan.kind === 'ask' && capabilities.forms) {
        const error = await refusalOf(inbound, plan);
        if (error !== null) plan = { kind: 'fault', error };
      }
      if (plan.kind === 'ask' && capabilities.forms) {
        const message = sourceMessage(inbound, services.buttons);
        return { kind: 'form', form: buildForm(services, inbound, plan.command, plan.values, message) };
      }
      if (plan.kind === 'ignore' && inbound.stranger === undefined) return { kind: 'quiet' };
      const isPrivate = isForOneAlone(plan);
      start(inbound, reply, plan, isPrivate);
      return input.kind === 'button' || inbound.stranger === 'bot'
        ? { kind: 'quiet' }
        : { kind: 'working', private: isPrivate };
    },
    async complete(sender, request) {
      const context: Delivery = { sender, key: `complete:${Date.now()}` };
      const delivery = sender.stranger === undefined ? context : asStranger(context);
      const late = new Promise<[]>((resolve) => setTimeout(() => resolve([]), completionMs).unref());
      return Promise.race([
        late,
        completeFor(delivery, request).catch((error: unknown) => {
          if (!(error instanceof HqError)) log.warn({ err: error }, 'a completion failed');
          return [];
        }),
      ]);
    },
    size: () => running.size,
    async stop(limitMs) {
      isStopped = true;
      offlineRetry.stop();
      const limit = delay(limitMs, undefined, { ref: false });
      await Promise.race([Promise.allSettled([...running]), limit]);
    },
  };
}

function isForOneAlone(plan: Plan): boolean {
  if (plan.kind === 'run' || plan.kind === 'ask') return plan.command.private;
  // What a button of an earlier run means is not known yet; the card that it stands on is seen by whoever sees it.
  return plan.kind !== 'recall';
}

/** A press that failed is told to who pressed; a card that nobody can use any more loses its buttons. */
async function showError(
  error: unknown,
  { input }: Inbound,
  message: Handle | null,
  responder: Responder,
): Promise<void> {
  const isUsedUp =
    error instanceof HqError &&
    error.field === 'token' &&
    (error.code === 'conflict' || error.code === 'not_found');
  if (message !== null && isUsedUp) await responder.replace(errorCard(error));
  else await responder.answer(errorCard(error), input.kind === 'button' ? { private: true } : {});
}

function notKept(): HqError {
  return new HqError('not_found', 'This is not waiting any more.', {
    field: 'token',
    hint: 'Say it again if it is still wanted; commands tells what was done.',
  });
}

function tooMuch(waitMs: number): HqError {
  return new HqError('conflict', 'That is more than can be taken in at once.', {
    hint: `Wait ${Math.max(1, Math.ceil(waitMs / 1000))} s and say it again.`,
  });
}
