import { timedOut, withinLimit } from '@hq/shared/program';
import type { types } from '@slack/bolt';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Form, FormErrors } from '../../../contract/form.ts';
import type { Acknowledgement, Receiver } from '../../../contract/inbound.ts';
import { completeWithin } from '../../complete-within.ts';
import type { InFlight } from '../../in-flight.ts';
import type { InboundListener } from '../connection/bolt-handlers.ts';
import type { SlackOutbound } from '../outbound/outbound.ts';
import { SlackReply } from '../outbound/reply.ts';
import {
  createResponseUrl,
  formKey,
  messageKey,
  type ResponseUrl,
  type ResponseUrls,
} from '../outbound/response-urls.ts';
import { formView, toOption } from '../render/forms.ts';
import { homeView } from '../render/home-view.ts';
import { readSuggestion } from './form-submission.ts';
import type { InboundDelivery } from './inbound.ts';
import type { Identity } from './sender.ts';

/** Slack waits three seconds for options. */
const completeWithinMs = 2000;
/** Slack waits three seconds for the errors of a form. */
const submitWithinMs = 2500;
const maxOptions = 100;
/** Slack redelivers an unacknowledged event at once, after one minute and after five. */
const redeliveredWithinMs = 10 * 60_000;
const maxDeliveries = 5000;

interface HandlerServices {
  readonly receiver: Receiver;
  readonly outbound: SlackOutbound;
  /** Undefined until Slack has told it. */
  readonly identity: () => Identity | undefined;
  readonly onRevoked: (reason: string) => void;
  readonly responseUrls: ResponseUrls;
  readonly inFlight: InFlight;
  readonly log: Logger;
  readonly isStopped: () => boolean;
}

/** Hands deliveries to the core and carries out its acknowledgement. */
export class InboundHandler implements InboundListener {
  readonly #services: HandlerServices;
  /** Handled deliveries: a lost acknowledgement makes Slack send one again. */
  readonly #handled = new LRUCache<string, true>({ max: maxDeliveries, ttl: redeliveredWithinMs });

  constructor(services: HandlerServices) {
    this.#services = services;
  }

  onDelivery(read: (identity: Identity) => InboundDelivery | undefined, isCommand: boolean): void {
    const { inFlight } = this.#services;
    const delivery = this.#read(read);
    if (delivery === undefined) return;
    const { redeliveryKey } = delivery;
    if (redeliveryKey !== undefined) {
      if (this.#handled.has(redeliveryKey)) return;
      this.#handled.set(redeliveryKey, true);
    }
    inFlight.track(
      this.#handle(delivery, isCommand).catch((error) => {
        // The next delivery of it counts.
        if (redeliveryKey !== undefined) this.#handled.delete(redeliveryKey);
        this.onError(error);
      }),
    );
  }

  async onSubmission(read: (identity: Identity) => InboundDelivery | undefined): Promise<FormErrors | null> {
    const delivery = this.#read(read);
    if (delivery === undefined) return null;
    const handled = this.#handle(delivery, false).catch((error) => {
      this.onError(error);
      return undefined;
    });
    const first = await withinLimit(submitWithinMs, this.#services.inFlight.track(handled));
    if (first !== timedOut) return first?.kind === 'errors' ? first.errors : null;
    void handled.then((late) =>
      late?.kind === 'errors' ? this.#showErrors(delivery, late.errors) : undefined,
    );
    return null;
  }

  #read(read: (identity: Identity) => InboundDelivery | undefined): InboundDelivery | undefined {
    const identity = this.#services.identity();
    return identity === undefined || this.#services.isStopped() ? undefined : read(identity);
  }

  /** The form is closed already. */
  async #showErrors(delivery: InboundDelivery, errors: FormErrors): Promise<void> {
    const { outbound } = this.#services;
    const reply = new SlackReply(outbound, delivery.inbound, this.#responseUrlOf(delivery), false);
    const body = Object.values(errors).map((text) => ({ kind: 'text', text: `${text}\n` }) as const);
    await reply.send(
      { title: 'Nothing was done. Please send it again.', tone: 'warning', body },
      { private: true },
    );
  }

  async complete(body: unknown): Promise<types.PlainTextOption[]> {
    const { receiver, log } = this.#services;
    const identity = this.#services.identity();
    const suggestion = identity && readSuggestion(body, identity);
    if (suggestion === undefined) return [];
    const { sender, ...request } = suggestion;
    const { typed } = request;
    const choices = await completeWithin(completeWithinMs, receiver.complete(sender, request), log);
    // The typed value may be right although no choice has it.
    const isKnown = choices.some(({ value, label }) => value === typed || label === typed);
    const own = typed === '' || isKnown ? [] : [{ label: typed, value: typed }];
    return [...choices, ...own].flatMap(toOption).slice(0, maxOptions);
  }

  onHomeOpened(user: string): void {
    const { outbound, inFlight } = this.#services;
    void inFlight.track(outbound.publishHome(user, homeView()));
  }

  onRevoked(reason: string): void {
    this.#services.onRevoked(reason);
  }

  onError(error: unknown): void {
    const reason = error instanceof Error ? error.message : 'unknown';
    this.#services.log.warn({ reason }, 'A delivery of Slack could not be handled');
  }

  async #handle(delivery: InboundDelivery, isCommand: boolean): Promise<Acknowledgement> {
    const { receiver, outbound, responseUrls, inFlight } = this.#services;
    const { inbound } = delivery;
    const url = this.#responseUrlOf(delivery);
    const reply = new SlackReply(outbound, inbound, url, isCommand);
    const acknowledgement = await receiver.receive(inbound, {
      send: (card, options) => inFlight.track(reply.send(card, options)),
    });
    if (acknowledgement.kind === 'working') reply.showWorking();
    if (acknowledgement.kind !== 'form') return acknowledgement;
    const { form } = acknowledgement;
    if (url !== undefined) responseUrls.set(formKey(inbound.user, form.token), url);
    if (await this.#openForm(delivery, form)) return acknowledgement;
    await reply.send(
      { title: 'Slack did not open the form. Please send the command again.', tone: 'warning' },
      { private: true },
    );
    return acknowledgement;
  }

  /** Returns the response URL of the delivery, or of the command that opened the submitted form. */
  #responseUrlOf({ inbound, responseUrl, onEphemeral }: InboundDelivery): ResponseUrl | undefined {
    const { responseUrls } = this.#services;
    const { input, user } = inbound;
    if (responseUrl === undefined)
      return input.kind === 'form' ? responseUrls.get(formKey(user, input.token)) : undefined;
    const url = createResponseUrl(responseUrl);
    if (onEphemeral && input.kind === 'button' && input.message !== null)
      responseUrls.set(messageKey(input.message), url);
    return url;
  }

  async #openForm({ inbound, triggerId }: InboundDelivery, form: Form): Promise<boolean> {
    if (triggerId === undefined) return false;
    const message = inbound.input.kind === 'button' ? inbound.input.message : null;
    const opened = await this.#services.outbound.openView(triggerId, formView(form, inbound, message));
    return opened.ok;
  }
}
