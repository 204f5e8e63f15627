import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { LRUCache } from 'lru-cache';
import type { Choice } from '../../contract/choice.ts';
import type { Acknowledgement, Inbound, Receiver, Reply, Sender } from '../../contract/inbound.ts';
import { type Delivery, isUnreachable } from '../api/chat-api.ts';
import { errorCard } from '../cards/error-card.ts';
import { createResponder, onAnswer, type Responder } from '../cards/responder.ts';
import type { Sanitizer } from '../cards/sanitizer.ts';
import type { Command, Services } from '../commands/command.ts';
import { leftCard } from '../commands/leave-question.ts';
import { type CommandRegistry, createCommandRegistry } from '../parse/command-registry.ts';
import type { PendingPrompt } from '../parse/pending-prompts.ts';
import { buildForm } from './build-form.ts';
import { deliveryKey } from './delivery-key.ts';
import { authorizeCommand, authorizePrompt, executePlan } from './execute-plan.ts';
import { createFormOutcome, type FormOutcome } from './form-outcome.ts';
import { createOfflineRetry, type OfflineRetry } from './offline-retry.ts';
import { createRateLimiter, type RateLimiter, type RateLimits } from './rate-limit.ts';
import { RejectedForm, rejectionCard } from './rejected-form.ts';
import { type Plan, postedCode, routeDelivery, sourceMessage } from './route-delivery.ts';
import { storable, storableInput } from './storable-input.ts';
import { createTurns, type Turn } from './turns.ts';

export interface DispatcherOptions {
  readonly services: Services;
  readonly sanitizer: Pick<Sanitizer, 'choices' | 'errors' | 'form'>;
  /** Commands of buttons, which nobody can type. */
  readonly buttonCommands: readonly Command[];
  readonly log: Log;
  /** Milliseconds for which a request is retried while the database is unreachable. */
  readonly offlineRetryMs?: number | undefined;
  /** Milliseconds that a form waits for the database to refuse it. */
  readonly formWaitMs?: number | undefined;
  readonly limits?: RateLimits | undefined;
}

const defaultFormWaitMs = 300;
/** Milliseconds that a form waits for its values to be refused. Platforms wait three seconds in all. */
const formAnswerMs = 1_200;
const maxRunning = 2_000;
const refusedAgainMs = 60_000;
const maxRefused = 5_000;
const quiet = { kind: 'quiet' } as const;
/** For what only says no. */
const atOnce: Turn = { come: Promise.resolve(), pass: () => undefined };

/** Takes deliveries from all adapters, acknowledges them at once and executes them afterwards. */
export class Dispatcher implements Receiver {
  readonly #services: Services;
  readonly #sanitizer: DispatcherOptions['sanitizer'];
  readonly #allCommands: CommandRegistry<Command>;
  readonly #log: Log;
  readonly #offlineRetry: OfflineRetry;
  readonly #countOne: RateLimiter;
  readonly #formWaitMs: number;
  readonly #turns = createTurns();
  readonly #refused = new LRUCache<string, true>({ max: maxRefused, ttl: refusedAgainMs });
  readonly #running = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: DispatcherOptions) {
    const { services, sanitizer, buttonCommands, log, offlineRetryMs, formWaitMs, limits } = options;
    this.#services = services;
    this.#sanitizer = sanitizer;
    this.#allCommands = createCommandRegistry([...services.registry.commands, ...buttonCommands]);
    this.#log = log;
    this.#formWaitMs = formWaitMs ?? defaultFormWaitMs;
    this.#offlineRetry = createOfflineRetry(offlineRetryMs);
    this.#countOne = createRateLimiter(limits);
  }

  /** The number of requests in progress. */
  size(): number {
    return this.#running.size;
  }

  /** Accepts nothing new and waits for the requests in progress, up to the limit. */
  async stop(limitMs: number): Promise<void> {
    this.#isStopped = true;
    this.#offlineRetry.stop();
    const limit = delay(limitMs, undefined, { ref: false });
    await Promise.race([Promise.allSettled([...this.#running]), limit]);
  }

  async receive(delivered: Inbound, reply: Reply): Promise<Acknowledgement> {
    const input = storableInput(delivered.input);
    const inbound = { ...delivered, input };
    const { stranger } = inbound;
    const { redelivers } = this.#services.capabilities(inbound.platform);
    // A platform that redelivers brings what is left unacknowledged to the next process.
    if (this.#isStopped) return redelivers ? new Promise<never>(() => undefined) : quiet;
    if (this.#isUnaddressed(inbound)) return quiet;
    if (input.kind === 'button' && this.#offlineRetry.isCancelToken(input.token)) {
      const isWaiting = this.#offlineRetry.cancel(input.token, inbound.user);
      if (!isWaiting) this.#start(inbound, reply, { kind: 'fail', error: noLongerWaiting() }, false);
      return quiet;
    }
    const limited = this.#limit(inbound, reply);
    if (limited !== null) return limited;
    if (stranger !== undefined) {
      this.#start(inbound, reply, postedCode(inbound, this.#services.registry) ?? { kind: 'ignore' }, true);
      return input.kind === 'button' || stranger === 'bot' ? quiet : { kind: 'working', private: true };
    }
    // Taken before anything is waited for: what is said first is done first.
    const turn = this.#turns.take(inbound);
    const plan = await this.#plan(inbound).catch((error: unknown) => {
      turn.pass();
      throw error;
    });
    if (plan.kind === 'ignore') {
      turn.pass();
      return quiet;
    }
    if (plan.kind === 'prompt' && this.#opensForm(inbound)) {
      turn.pass();
      const { command, values, again } = plan;
      const message =
        again === undefined ? sourceMessage(inbound, this.#services.buttons) : (again.message ?? null);
      const form = buildForm(this.#services, inbound, command, { values, filled: again?.filled }, message);
      return { kind: 'form', form: this.#sanitizer.form(form) };
    }
    const isPrivate = isForSenderAlone(plan);
    if (input.kind === 'form') return this.#takeForm(inbound, reply, plan, isPrivate, turn);
    this.#start(inbound, reply, plan, isPrivate, turn);
    return input.kind === 'button' ? quiet : { kind: 'working', private: isPrivate };
  }

  complete(sender: Sender, request: Parameters<Receiver['complete']>[1]): Promise<readonly Choice[]> {
    return this.#complete({ sender, key: `complete:${Date.now()}` }, request).catch((error: unknown) => {
      if (!(error instanceof HqError)) this.#log.warn({ err: error }, 'a completion failed');
      return [];
    });
  }

  async #complete(
    delivery: Delivery,
    { words, argument, typed }: Parameters<Receiver['complete']>[1],
  ): Promise<readonly Choice[]> {
    const { autocomplete } = this.#services;
    const command = this.#allCommands.byPath(words);
    const completion = command?.arguments.find(({ name }) => name === argument)?.completion ?? null;
    if (command === undefined || completion === null) return [];
    await authorizeCommand(delivery, command, autocomplete);
    return this.#sanitizer.choices(await autocomplete.find(delivery, completion, storable(typed)));
  }

  #isUnaddressed(inbound: Inbound): boolean {
    const { input, kind } = inbound;
    return (
      input.kind === 'words' &&
      input.answer === true &&
      kind === 'group' &&
      this.#services.prompts.find(inbound) === null &&
      postedCode(inbound, this.#services.registry) === null
    );
  }

  /** Null if the delivery is within the limits. In public only the first excess is answered. */
  #limit(inbound: Inbound, reply: Reply): Acknowledgement | null {
    const isPublic = this.#isPublic(inbound);
    const excess = this.#countOne(inbound, isPublic);
    if (excess === null && this.#running.size < maxRunning) return null;
    if (isPublic && excess?.isFirst === false) return quiet;
    this.#start(inbound, reply, { kind: 'fail', error: tooMany(excess?.waitMs ?? 0) }, true);
    return { kind: 'working', private: true };
  }

  async #plan(inbound: Inbound): Promise<Plan> {
    const plan = routeDelivery(inbound, this.#services, this.#allCommands);
    if (plan.kind !== 'prompt' || !this.#opensForm(inbound)) return plan;
    const error = await this.#refusalOf(inbound, plan);
    return error === null ? plan : { kind: 'fail', error };
  }

  #opensForm({ platform, opensNoForm }: Inbound): boolean {
    return this.#services.capabilities(platform).forms && opensNoForm !== true;
  }

  /** The refusal of a form. If the database is slow the form opens, and its values are refused when they come back. */
  #refusalOf(inbound: Inbound, plan: Plan & { readonly kind: 'prompt' }): Promise<HqError | null> {
    const delivery: Delivery = { sender: inbound, key: deliveryKey(inbound) };
    return Promise.race([
      delay(this.#formWaitMs, null, { ref: false }),
      authorizePrompt(delivery, plan, this.#services).then(
        () => null,
        (error: unknown) => (error instanceof HqError && !isUnreachable(error) ? error : null),
      ),
    ]);
  }

  /** Waits a moment for wrong values: the form shows them itself, or a private card does. */
  async #takeForm(
    inbound: Inbound,
    reply: Reply,
    plan: Plan,
    isPrivate: boolean,
    turn: Turn,
  ): Promise<Acknowledgement> {
    const { formErrors } = this.#services.capabilities(inbound.platform);
    const outcome = createFormOutcome();
    this.#start(inbound, reply, plan, isPrivate, turn, outcome);
    const rejected = await outcome.within(formAnswerMs);
    if (rejected === null) return { kind: 'working', private: isPrivate };
    return formErrors
      ? { kind: 'errors', errors: this.#sanitizer.errors(rejected.errors) }
      : { kind: 'working', private: true };
  }

  #start(
    inbound: Inbound,
    reply: Reply,
    plan: Plan,
    isPrivate: boolean,
    turn: Turn = atOnce,
    form?: FormOutcome,
  ): void {
    const work = this.#handle(inbound, reply, plan, isPrivate, turn, form).catch((error: unknown) => {
      this.#log.error({ err: error, platform: inbound.platform }, 'a request failed');
    });
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  async #handle(
    inbound: Inbound,
    reply: Reply,
    plan: Plan,
    isPrivate: boolean,
    turn: Turn,
    form?: FormOutcome,
  ): Promise<void> {
    const services = this.#services;
    const delivery: Delivery = { sender: inbound, key: deliveryKey(inbound) };
    const responder = createResponder({
      sender: inbound,
      reply,
      outbox: services.outbox(inbound.platform),
      isPrivate,
      message: sourceMessage(inbound, services.buttons),
      onReplaced: services.expiringCards.forget,
      phrase: (text) => services.phrase(text, inbound),
      log: this.#log,
    });
    try {
      // A request that answers is done: its card may wait for the platform, the next request does not.
      const passing = onAnswer(responder, () => {
        turn.pass();
        form?.accept();
      });
      const context = { delivery, services, responder: passing, allCommands: this.#allCommands };
      await this.#offlineRetry.run(responder, turn, () => executePlan(plan, context));
    } catch (error) {
      turn.pass();
      if (error instanceof RejectedForm) await this.#showRejection(error, inbound, responder, form);
      else {
        form?.accept();
        await this.#showError(error, inbound, responder);
      }
    } finally {
      turn.pass();
    }
    if ('leaves' in plan && plan.leaves !== undefined) await this.#closeQuestion(plan.leaves, inbound);
  }

  async #showRejection(
    rejected: RejectedForm,
    inbound: Inbound,
    responder: Responder,
    form: FormOutcome | undefined,
  ): Promise<void> {
    const isShown =
      form?.reject(rejected) === true && this.#services.capabilities(inbound.platform).formErrors;
    if (!isShown) await responder.answer(rejectionCard(rejected, inbound, this.#services), { private: true });
  }

  async #closeQuestion({ title, message }: PendingPrompt, inbound: Inbound): Promise<void> {
    const handle = await message;
    if (handle === null) return;
    this.#services.expiringCards.forget(handle);
    await this.#services.outbox(inbound.platform).edit(inbound, handle, leftCard(title));
  }

  /**
   * The one place where errors become cards. A card whose button can never be used again is replaced. A refusal is for its
   * sender alone; where everybody would see it, a person gets the same one once in a minute.
   */
  async #showError(error: unknown, inbound: Inbound, responder: Responder): Promise<void> {
    if (!(error instanceof HqError)) this.#log.error({ err: error }, 'a command failed unexpectedly');
    const { field, code } = error instanceof HqError ? error : {};
    const card = errorCard(error, (text) => this.#services.phrase(text, inbound));
    const isUsedUp = field === 'token' && (code === 'conflict' || code === 'not_found');
    if (responder.message !== null && isUsedUp) {
      await responder.replace(card);
      return;
    }
    const isRefusal = code === 'refused' || code === 'unauthenticated';
    if (isRefusal && this.#isPublic(inbound) && this.#wasRefused(inbound, card.title)) return;
    const isForSender = isRefusal || inbound.input.kind === 'button' || inbound.input.kind === 'form';
    await responder.answer(card, isForSender ? { private: true } : {});
  }

  #wasRefused({ platform, install, channel, user }: Inbound, reason: string): boolean {
    const key = JSON.stringify([platform, install, channel, user, reason]);
    const wasRefused = this.#refused.has(key);
    this.#refused.set(key, true);
    return wasRefused;
  }

  /** Everybody in the chat sees every answer. */
  #isPublic({ platform, kind }: Inbound): boolean {
    return kind === 'group' && !this.#services.capabilities(platform).private;
  }
}

function isForSenderAlone(plan: Plan): boolean {
  if (plan.kind === 'run' || plan.kind === 'prompt') return plan.command.private;
  // The card of a recalled button is visible already.
  return plan.kind !== 'press' || plan.command?.private === true;
}

function noLongerWaiting(): HqError {
  return new HqError('not_found', 'This request is no longer waiting.', {
    field: 'token',
    hint: 'Type `commands` to see what was done. Send the request again if you still need it.',
  });
}

function tooMany(waitMs: number): HqError {
  return new HqError('conflict', 'There are too many requests at the moment.', {
    hint: `Wait ${Math.max(1, Math.ceil(waitMs / 1000))} s and try again.`,
  });
}
