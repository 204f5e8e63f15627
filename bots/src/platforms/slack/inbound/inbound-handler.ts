import type { types } from '@slack/bolt';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Form } from '../../../contract/form.ts';
import type { Receiver } from '../../../contract/inbound.ts';
import type { InFlight } from '../../in-flight.ts';
import { settledWithin } from '../abort-signals.ts';
import type { InboundListener } from '../connection/bolt-handlers.ts';
import type { BotToken } from '../connection/bot-token.ts';
import type { SlackApi } from '../outbound/outbound.ts';
import { SlackReply } from '../outbound/reply.ts';
import { type ResponseUrl, ResponseUrls, responseUrl } from '../outbound/response-urls.ts';
import { choiceOption, formView } from '../render/forms.ts';
import { homeView } from '../render/home-view.ts';
import { readSuggestion } from './form-submission.ts';
import type { InboundDelivery } from './inbound.ts';
import type { Identity } from './sender.ts';

/** Slack waits three seconds for a completion. */
const completeWithinMs = 2000;
const mostOptions = 100;
/** Slack brings what was not acknowledged again at once, after a minute and after five. */
const repeatsWithinMs = 10 * 60_000;
const mostRemembered = 5000;

interface ConversationOptions {
  readonly receiver: Receiver;
  readonly api: SlackApi;
  readonly token: BotToken;
  readonly responseUrls: ResponseUrls;
  readonly inFlight: InFlight;
  readonly log: Logger;
  /** Something came in. */
  readonly onInbound: () => void;
  readonly stopping: AbortSignal;
}

/** Brings what comes from Slack before the core, and the core's answer back. */
export class InboundHandler implements InboundListener {
  readonly #options: ConversationOptions;
  /** What was taken on, though its acknowledgement may have been lost with a connection. */
  readonly #taken = new LRUCache<string, true>({ max: mostRemembered, ttl: repeatsWithinMs });

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  take(read: (us: Identity) => InboundDelivery | undefined, isCommand: boolean): void {
    const { token, stopping, onInbound, inFlight } = this.#options;
    if (token.identity === undefined || stopping.aborted) return;
    onInbound();
    const delivery = read(token.identity);
    if (delivery === undefined) return;
    const { repeatedAs } = delivery;
    if (repeatedAs !== undefined) {
      if (this.#taken.get(repeatedAs) === true) return;
      this.#taken.set(repeatedAs, true);
    }
    inFlight.track(
      this.#converse(delivery, isCommand).catch((error) => {
        // Nothing came of it: the next one counts.
        if (repeatedAs !== undefined) this.#taken.delete(repeatedAs);
        this.failed(error);
      }),
    );
  }

  async options(body: unknown): Promise<types.PlainTextOption[]> {
    const { token, receiver } = this.#options;
    const suggestion = token.identity === undefined ? undefined : readSuggestion(body, token.identity);
    if (suggestion === undefined) return [];
    const { sender, ...request } = suggestion;
    const known = await settledWithin(completeWithinMs, receiver.complete(sender, request)).catch(() => []);
    // What was typed may be right although nothing is known of it.
    const isKnown = known?.some((choice) => choice.value === request.typed || choice.label === request.typed);
    const own = request.typed === '' || isKnown ? [] : [{ label: request.typed, value: request.typed }];
    return [...(known ?? []), ...own].flatMap(choiceOption).slice(0, mostOptions);
  }

  homeOpened(user: string): void {
    const { api, inFlight } = this.#options;
    void inFlight.track(api.publishHome(user, homeView()));
  }

  tokenDied(reason: string): void {
    this.#options.token.died(reason, this.#options.stopping);
  }

  failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : 'unknown';
    this.#options.log.warn({ reason }, 'Slack: something failed');
  }

  async #converse(delivery: InboundDelivery, isCommand: boolean): Promise<void> {
    const { receiver, api, responseUrls, inFlight } = this.#options;
    const { inbound } = delivery;
    const url = this.#responseUrlOf(delivery);
    const reply = new SlackReply(api, inbound, url, isCommand);
    const acknowledgement = await receiver.receive(inbound, {
      send: (card, options) => inFlight.track(reply.send(card, options)),
    });
    if (acknowledgement.kind === 'working') reply.work();
    if (acknowledgement.kind !== 'form') return;
    const { form } = acknowledgement;
    if (url !== undefined) responseUrls.keep(ResponseUrls.ofForm(inbound.user, form.token), url);
    if (!(await this.#openForm(delivery, form)))
      await reply.send(
        { title: 'Slack did not open the form. Please ask once more.', tone: 'warning' },
        { private: true },
      );
  }

  /** The response URL that came with it, or with the command that the form was asked for by. */
  #responseUrlOf({ inbound, responseUrl: given, onEphemeral }: InboundDelivery): ResponseUrl | undefined {
    const { responseUrls } = this.#options;
    const { input, user } = inbound;
    if (given === undefined)
      return input.kind === 'form' ? responseUrls.find(ResponseUrls.ofForm(user, input.token)) : undefined;
    const url = responseUrl(given);
    if (onEphemeral && input.kind === 'button' && input.message !== null)
      responseUrls.keep(ResponseUrls.ofMessage(input.message), url);
    return url;
  }

  async #openForm({ inbound, triggerId }: InboundDelivery, form: Form): Promise<boolean> {
    if (triggerId === undefined) return false;
    const message = inbound.input.kind === 'button' ? inbound.input.message : null;
    const opened = await this.#options.api.openView(triggerId, formView(form, inbound, message));
    return opened.ok;
  }
}
