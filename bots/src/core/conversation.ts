import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { Log } from '../log.ts';
import { askForArgument, formFor } from './ask-for.ts';
import type { Asked, House } from './asked.ts';
import { isShownTo } from './audience.ts';
import type { Card, Handle } from './card.ts';
import { isAway, type Said } from './chat-hq.ts';
import type { Command, Completion, Request } from './command.ts';
import { deliveryOf } from './delivery.ts';
import { failureCard } from './failure-card.ts';
import type { Acknowledgement, Choice, Inbound, Receiver, Reply, Speaker } from './inbound.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';
import { understand } from './understand.ts';
import { createVocabulary, type Vocabulary } from './vocabulary.ts';

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

export interface Limits {
  readonly person: { readonly atOnce: number; readonly perSecond: number };
  readonly channel: { readonly atOnce: number; readonly perSecond: number };
}

const defaultLimits: Limits = {
  person: { atOnce: 20, perSecond: 2 },
  channel: { atOnce: 100, perSecond: 20 },
};
const defaultPatienceMs = 600_000;
const completionMs = 1_400;
const mostAtOnce = 2_000;
const mostBuckets = 20_000;
const laterTokens = /^later:(\d+)$/;

interface Waiting {
  readonly user: string;
  readonly stop: AbortController;
}

export function createConversation(options: ConversationOptions): Conversation {
  const { house, internal, log, patienceMs = defaultPatienceMs, limits = defaultLimits } = options;
  const requests: Vocabulary = createVocabulary([...house.vocabulary.commands, ...internal]);
  const buckets = new Map<string, TokenBucket>();
  const waiting = new Map<string, Waiting>();
  const running = new Set<Promise<void>>();
  let laterCount = 0;
  let isStopped = false;

  function limited(inbound: Inbound): number {
    const { platform, install, channel, user } = inbound;
    const of = (key: string, { atOnce, perSecond }: Limits['person']): TokenBucket => {
      const known = buckets.get(key) ?? createTokenBucket(atOnce, perSecond);
      buckets.delete(key);
      buckets.set(key, known);
      const [oldest] = buckets.keys();
      if (buckets.size > mostBuckets && oldest !== undefined) buckets.delete(oldest);
      return known;
    };
    const person = of(JSON.stringify([platform, install, user]), limits.person).take();
    if (person > 0) return person;
    return of(JSON.stringify([platform, install, channel]), limits.channel).take();
  }

  /** What to do with a delivery: known without asking anybody. */
  type Plan =
    | { readonly kind: 'ignore' }
    | {
        readonly kind: 'run';
        readonly request: Request | null;
        readonly command: Command;
        readonly token: string | null;
      }
    | { readonly kind: 'ask'; readonly command: Command; readonly values: Request['values'] }
    | { readonly kind: 'fault'; readonly error: HqError };

  function plan(inbound: Inbound): Plan {
    const { input } = inbound;
    if (input.kind === 'button' || input.kind === 'form') {
      const intent = house.buttons.recall(input.token);
      const command = intent === undefined ? undefined : requests.byName(intent.command);
      if (command === undefined || intent === undefined)
        return { kind: 'run', request: null, command: unknownYet, token: input.token };
      if (input.kind === 'button' && intent.form === true) {
        return { kind: 'ask', command, values: intent.values };
      }
      const filled = input.kind === 'form' ? filledIn(input.values) : {};
      return {
        kind: 'run',
        request: { command: command.name, values: { ...intent.values, ...filled } },
        command,
        token: input.token,
      };
    }
    if (input.kind === 'words' && input.answer === true) {
      const question = house.questions.take(inbound);
      if (question !== null) {
        const command = requests.byName(question.command);
        if (command === undefined) return { kind: 'ignore' };
        const values = { ...question.values, [question.field]: input.text.trim() };
        return { kind: 'run', request: { command: command.name, values }, command, token: null };
      }
      if (inbound.kind === 'group') return { kind: 'ignore' };
    }
    const understood = understand(input, house.vocabulary);
    if (understood.kind === 'fault') return understood;
    const { command, values, missing } = understood;
    if (missing.length > 0) return { kind: 'ask', command, values };
    return { kind: 'run', request: { command: command.name, values }, command, token: null };
  }

  function begin(inbound: Inbound, reply: Reply, planned: Plan, isPrivate: boolean): void {
    const work = attend(inbound, reply, planned, isPrivate).catch((error: unknown) => {
      log.error({ err: error, platform: inbound.platform }, 'a request failed');
    });
    running.add(work);
    void work.finally(() => running.delete(work));
  }

  /** Carries a request out, again and again while the database is away, and shows how it went. */
  async function attend(inbound: Inbound, reply: Reply, planned: Plan, isPrivate: boolean): Promise<void> {
    const said: Said = { speaker: inbound, delivery: deliveryOf(inbound) };
    const message = messageOf(inbound.input);
    const way = wayBack(inbound, reply, isPrivate, message);
    const until = Date.now() + patienceMs;
    const stop = new AbortController();
    let later: string | null = null;
    try {
      for (let tries = 1; ; tries += 1) {
        try {
          await carryOut(said, planned, way, isPrivate, message);
          return;
        } catch (error) {
          if (!isAway(error) || isStopped) {
            await tellFailure(error, inbound, message, way);
            if (!(error instanceof HqError))
              log.error({ err: error }, 'a command failed in an unexpected way');
            return;
          }
          if (Date.now() >= until) {
            await way.answer(
              failureCard(
                new HqError('unreachable', 'The database could not be reached; nothing was done.', {
                  hint: 'Say it again later.',
                }),
              ),
            );
            return;
          }
          if (later === null) {
            laterCount += 1;
            later = `later:${laterCount}`;
            waiting.set(later, { user: inbound.user, stop });
            const handle = await way.answer(stillTrying(later, patienceMs));
            way.settleOn(handle);
          }
          await delay(
            Math.min(10_000, 500 * 2 ** Math.min(tries, 6)) * (0.75 + Math.random() / 2),
            undefined,
            {
              signal: stop.signal,
            },
          ).catch(() => undefined);
          if (stop.signal.aborted) {
            await way.answer({ title: 'Cancelled', tone: 'neutral', state: 'nothing was done' });
            return;
          }
        }
      }
    } finally {
      if (later !== null) waiting.delete(later);
    }
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

  async function carryOut(
    said: Said,
    planned: Plan,
    way: WayBack,
    isPrivate: boolean,
    message: Handle | null,
  ): Promise<void> {
    const { speaker } = said;
    if (speaker.stranger !== undefined) {
      // Under a name that nobody can be linked to, so that the database refuses it and writes it down.
      const user = `${speaker.stranger}:${speaker.user}`.slice(0, 200);
      await house.hq.act(
        { speaker: { ...speaker, user }, delivery: said.delivery },
        { action: 'stack_status', payload: {}, gateway: null, agent: null },
      );
      throw new HqError('refused', 'This account cannot use HQ.');
    }
    if (planned.kind === 'fault') throw planned.error;
    if (planned.kind === 'ignore') return;
    const asked = (values: Request['values']): Asked => ({
      said,
      values,
      isPrivate,
      message,
      house,
      answer: way.answer,
      replace: way.replace,
    });
    if (planned.kind === 'ask') {
      await askForMissing(asked(planned.values), planned.command);
      return;
    }
    let { request } = planned;
    if (planned.token !== null) {
      await house.buttons.kept();
      const intent = await house.hq.press(said, planned.token);
      request ??= { command: intent.command, values: intent.values };
      if (planned.request === null && intent.form === true) {
        const command = requests.byName(intent.command);
        if (command !== undefined) return askForMissing(asked(intent.values), command);
      }
    }
    const command = request === null ? undefined : requests.byName(request.command);
    if (request === null || command === undefined) {
      throw new HqError('not_found', 'This button is for something that is no longer there.');
    }
    const lacking = command.arguments.some(
      ({ name, required }) => required && request.values[name] === undefined,
    );
    if (lacking) await askForMissing(asked(request.values), command);
    else await command.run(asked(request.values));
  }

  async function askForMissing(asked: Asked, command: Command): Promise<void> {
    const argument = command.arguments.find(
      ({ name, required }) => required && asked.values[name] === undefined,
    );
    if (argument !== undefined) await askForArgument(asked, command, argument);
    else await command.run(asked);
  }

  interface WayBack {
    answer(card: Card, options?: { readonly private?: boolean }): Promise<Handle | null>;
    replace(card: Card): Promise<Handle | null>;
    settleOn(handle: Handle | null): void;
  }

  function wayBack(speaker: Speaker, reply: Reply, isPrivate: boolean, message: Handle | null): WayBack {
    const outbox = house.outbox(speaker.platform);
    let settled: Handle | null = null;
    async function answer(
      card: Card,
      { private: only = isPrivate }: { readonly private?: boolean } = {},
    ): Promise<Handle | null> {
      // Two bots that answer each other never end.
      if (speaker.stranger === 'bot') return null;
      if (settled !== null) {
        const handle = settled;
        settled = null;
        const edited = await outbox.edit(speaker, handle, card);
        if (edited.ok) return edited.handle ?? handle;
      }
      const sent = await outbox.say(reply, card, only);
      if (sent.ok) return sent.handle;
      log.warn({ platform: speaker.platform, problem: sent.problem }, 'an answer could not be shown');
      return null;
    }
    return {
      answer,
      async replace(card) {
        if (message === null) return answer(card);
        const edited = await outbox.edit(speaker, message, card);
        if (edited.ok) return edited.handle ?? message;
        return answer(card);
      },
      settleOn(handle) {
        settled = handle;
      },
    };
  }

  async function completeFor(
    said: Said,
    command: Command,
    completion: Completion,
    typed: string,
  ): Promise<readonly Choice[]> {
    const who = await house.names.who(said);
    return isShownTo(command, who) ? house.names.find(said, completion, typed) : [];
  }

  function stopWaiting(token: string, user: string): void {
    const found = waiting.get(token);
    if (found?.user === user) found.stop.abort();
  }

  return {
    async receive(inbound, reply): Promise<Acknowledgement> {
      const capabilities = house.capabilities(inbound.platform);
      if (isStopped) {
        // Left open, it comes to the next process where the platform brings things again.
        return capabilities.redelivers ? new Promise<never>(() => undefined) : { kind: 'quiet' };
      }
      const { input } = inbound;
      if (input.kind === 'button' && laterTokens.test(input.token)) {
        stopWaiting(input.token, inbound.user);
        return { kind: 'quiet' };
      }
      const isUnaddressed =
        input.kind === 'words' &&
        input.answer === true &&
        inbound.kind === 'group' &&
        !house.questions.has(inbound);
      if (isUnaddressed) return { kind: 'quiet' };
      const wait = limited(inbound);
      if (wait > 0 || running.size >= mostAtOnce) {
        begin(inbound, reply, { kind: 'fault', error: tooMuch(wait) }, true);
        return { kind: 'working', private: true };
      }
      const planned = inbound.stranger === undefined ? plan(inbound) : { kind: 'ignore' as const };
      if (planned.kind === 'ask' && capabilities.forms) {
        return { kind: 'form', form: formFor(house, inbound, planned.command, planned.values) };
      }
      if (planned.kind === 'ignore' && inbound.stranger === undefined) return { kind: 'quiet' };
      const isPrivate = planned.kind === 'run' || planned.kind === 'ask' ? planned.command.private : true;
      begin(inbound, reply, planned, isPrivate);
      return input.kind === 'button' || inbound.stranger === 'bot'
        ? { kind: 'quiet' }
        : { kind: 'working', private: isPrivate };
    },
    async complete(speaker, { words, argument, typed }) {
      if (speaker.stranger !== undefined) return [];
      const command = requests.byName(words.at(-1) ?? '');
      const completion = command?.arguments.find(({ name }) => name === argument)?.completion ?? null;
      if (command === undefined || completion === null) return [];
      const said: Said = { speaker, delivery: `complete:${Date.now()}` };
      const late = new Promise<[]>((resolve) => setTimeout(() => resolve([]), completionMs).unref());
      return Promise.race([
        late,
        completeFor(said, command, completion, typed).catch((error: unknown) => {
          if (!(error instanceof HqError)) log.warn({ err: error }, 'a completion failed');
          return [];
        }),
      ]);
    },
    size: () => running.size,
    async stop(limitMs) {
      isStopped = true;
      for (const { stop } of waiting.values()) stop.abort();
      const limit = delay(limitMs, undefined, { ref: false });
      await Promise.race([Promise.allSettled([...running]), limit]);
    },
  };
}

/** What a button means that this program has not made itself: the database says it. */
const unknownYet: Command = {
  name: 'unknown',
  group: null,
  aliases: [],
  title: '',
  summary: '',
  arguments: [],
  audience: 'everyone',
  private: false,
  rank: 0,
  run: async () => undefined,
};

function filledIn(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ''));
}

/** The message that what was said is about. */
function messageOf(input: Inbound['input']): Handle | null {
  if (input.kind === 'button') return input.message;
  return input.kind === 'form' ? (input.message ?? null) : null;
}

function tooMuch(waitMs: number): HqError {
  return new HqError('conflict', 'That is more than can be taken in at once.', {
    hint: `Wait ${Math.max(1, Math.ceil(waitMs / 1000))} s and say it again.`,
  });
}

function stillTrying(token: string, patienceMs: number): Card {
  return {
    title: 'The database cannot be reached',
    tone: 'warning',
    state: 'still trying',
    footer: `Gives up in ${Math.round(patienceMs / 60_000)} min.`,
    buttons: [{ token, label: 'Cancel', style: 'plain' }],
  };
}
