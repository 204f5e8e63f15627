import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import type { Handle } from '../../contract/card.ts';
import type { Command } from '../../contract/command.ts';
import type { House } from '../../contract/command-context.ts';
import type { Acknowledgement, Choice, Inbound, Receiver, Reply } from '../../contract/inbound.ts';
import { isAway, type Said } from '../api/chat-api.ts';
import { failureCard } from '../cards/error-card.ts';
import { createVocabulary, type Vocabulary } from '../parse/command-registry.ts';
import { formFor } from './build-form.ts';
import { deliveryOf } from './delivery-key.ts';
import { asStranger, carryOut, mayBeAsked, mayUse } from './execute-plan.ts';
import { createPatience } from './offline-retry.ts';
import { createLimiter, type Limits } from './rate-limit.ts';
import { createWayBack, type WayBack } from './responder.ts';
import { messageOf, type Plan, planFor } from './route-delivery.ts';

export interface Conversation extends Receiver {
  /** How many requests are on their way. */
  size(): number;
  /** Takes nothing in any more, and lets what is on its way end. */
  stop(limitMs: number): Promise<void>;
}

export interface ConversationOptions {
  readonly house: House;
  /** Commands that buttons name and nobody types. */
  readonly internal: readonly Command[];
  readonly log: Log;
  /** How long a request is kept while the database is away. */
  readonly patienceMs?: number;
  readonly limits?: Limits;
}

const completionMs = 1_400;
/** How long a form waits for the database to say whether it is for this person at all. */
const formWaitsMs = 300;
const mostAtOnce = 2_000;

export function createConversation(options: ConversationOptions): Conversation {
  const { house, internal, log } = options;
  const requests: Vocabulary = createVocabulary([...house.vocabulary.commands, ...internal]);
  const patience = createPatience(options.patienceMs);
  const countOne = createLimiter(options.limits);
  const running = new Set<Promise<void>>();
  let isStopped = false;

  function begin(inbound: Inbound, reply: Reply, plan: Plan, isPrivate: boolean): void {
    const work = attend(inbound, reply, plan, isPrivate).catch((error: unknown) => {
      log.error({ err: error, platform: inbound.platform }, 'a request failed');
    });
    running.add(work);
    void work.finally(() => running.delete(work));
  }

  async function attend(inbound: Inbound, reply: Reply, plan: Plan, isPrivate: boolean): Promise<void> {
    const said: Said = { speaker: inbound, delivery: deliveryOf(inbound) };
    const message = messageOf(inbound, house.buttons);
    const outbox = house.outbox(inbound.platform);
    const onReplaced = house.expiring.forget;
    const way = createWayBack({ speaker: inbound, reply, outbox, isPrivate, message, onReplaced, log });
    const { answer, replace } = way;
    try {
      await patience.through(inbound.user, way, () =>
        carryOut(plan, { said, house, requests, isPrivate, message, answer, replace }),
      );
    } catch (error) {
      await tellFailure(error, inbound, message, way);
      if (!(error instanceof HqError)) log.error({ err: error }, 'a command failed in an unexpected way');
    }
  }

  async function completeFor(
    said: Said,
    { words, argument, typed }: Parameters<Receiver['complete']>[1],
  ): Promise<readonly Choice[]> {
    const command = requests.ofPath(words);
    const completion = command?.arguments.find(({ name }) => name === argument)?.completion ?? null;
    if (command === undefined || completion === null) return [];
    await mayUse(said, command, house.names);
    return house.names.find(said, completion, typed);
  }

  /** Why no form opens. One cannot wait for a database that is slow; what is filled in is decided when it comes back. */
  function refusalOf(inbound: Inbound, plan: Plan & { readonly kind: 'ask' }): Promise<HqError | null> {
    const said: Said = { speaker: inbound, delivery: deliveryOf(inbound) };
    return Promise.race([
      delay(formWaitsMs, null, { ref: false }),
      mayBeAsked(said, plan, house).then(
        () => null,
        (error: unknown) => (error instanceof HqError && !isAway(error) ? error : null),
      ),
    ]);
  }

  return {
    async receive(inbound, reply): Promise<Acknowledgement> {
      const capabilities = house.capabilities(inbound.platform);
      if (isStopped) {
        // Left open, it comes to the next process where the platform brings things again.
        return capabilities.redelivers ? new Promise<never>(() => undefined) : { kind: 'quiet' };
      }
      const { input } = inbound;
      const isUnaddressed =
        input.kind === 'words' &&
        input.answer === true &&
        inbound.kind === 'group' &&
        !house.questions.has(inbound);
      if (isUnaddressed) return { kind: 'quiet' };
      if (input.kind === 'button' && patience.isTakingBack(input.token)) {
        if (!patience.takeBack(input.token, inbound.user))
          begin(inbound, reply, { kind: 'fault', error: notKept() }, false);
        return { kind: 'quiet' };
      }
      const isPublic = inbound.kind === 'group' && !capabilities.private;
      const excess = countOne(inbound, isPublic);
      if (isPublic && excess?.isNews === false) return { kind: 'quiet' };
      if (excess !== null || running.size >= mostAtOnce) {
        begin(inbound, reply, { kind: 'fault', error: tooMuch(excess?.waitMs ?? 0) }, true);
        return { kind: 'working', private: true };
      }
      let plan: Plan =
        inbound.stranger === undefined ? planFor(inbound, house, requests) : { kind: 'ignore' };
      if (plan.kind === 'ask' && capabilities.forms) {
        const error = await refusalOf(inbound, plan);
        if (error !== null) plan = { kind: 'fault', error };
      }
      if (plan.kind === 'ask' && capabilities.forms) {
        const message = messageOf(inbound, house.buttons);
        return { kind: 'form', form: formFor(house, inbound, plan.command, plan.values, message) };
      }
      if (plan.kind === 'ignore' && inbound.stranger === undefined) return { kind: 'quiet' };
      const isPrivate = isForOneAlone(plan);
      begin(inbound, reply, plan, isPrivate);
      return input.kind === 'button' || inbound.stranger === 'bot'
        ? { kind: 'quiet' }
        : { kind: 'working', private: isPrivate };
    },
    async complete(speaker, request) {
      const asked: Said = { speaker, delivery: `complete:${Date.now()}` };
      const said = speaker.stranger === undefined ? asked : asStranger(asked);
      const late = new Promise<[]>((resolve) => setTimeout(() => resolve([]), completionMs).unref());
      return Promise.race([
        late,
        completeFor(said, request).catch((error: unknown) => {
          if (!(error instanceof HqError)) log.warn({ err: error }, 'a completion failed');
          return [];
        }),
      ]);
    },
    size: () => running.size,
    async stop(limitMs) {
      isStopped = true;
      patience.stop();
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
async function tellFailure(
  error: unknown,
  { input }: Inbound,
  message: Handle | null,
  way: WayBack,
): Promise<void> {
  const isUsedUp =
    error instanceof HqError &&
    error.field === 'token' &&
    (error.code === 'conflict' || error.code === 'not_found');
  if (message !== null && isUsedUp) await way.replace(failureCard(error));
  else await way.answer(failureCard(error), input.kind === 'button' ? { private: true } : {});
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
