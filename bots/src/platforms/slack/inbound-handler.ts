import type { types } from '@slack/bolt';
import type { Logger } from 'pino';
import type { Form } from '../../contract/form.ts';
import type { Receiver } from '../../contract/inbound.ts';
import { Recent } from '../recent.ts';
import { within } from './abort-signals.ts';
import type { Listener } from './bolt-handlers.ts';
import type { BotToken } from './bot-token.ts';
import { readSuggestion } from './form-submission.ts';
import { choiceOption, formView } from './forms.ts';
import { homeView } from './home-view.ts';
import type { Underway } from './in-flight.ts';
import type { Incoming } from './inbound.ts';
import type { SlackApi } from './outbound.ts';
import { SlackReply } from './reply.ts';
import { type ResponseUrl, ResponseUrls, responseUrl } from './response-urls.ts';
import type { Identity } from './speaker.ts';

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
  readonly ways: ResponseUrls;
  readonly underway: Underway;
  readonly log: Logger;
  /** Something came in. */
  readonly heard: () => void;
  readonly stopping: AbortSignal;
}

/** Brings what comes from Slack before the core, and the core's answer back. */
export class Conversation implements Listener {
  readonly #options: ConversationOptions;
  /** What was taken on, though its acknowledgement may have been lost with a connection. */
  readonly #taken = new Recent<true>(repeatsWithinMs, mostRemembered);

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  take(read: (us: Identity) => Incoming | undefined, isCommand: boolean): void {
    const { token, stopping, heard, underway } = this.#options;
    if (token.identity === undefined || stopping.aborted) return;
    heard();
    const incoming = read(token.identity);
    if (incoming === undefined) return;
    const { repeatedAs } = incoming;
    if (repeatedAs !== undefined) {
      if (this.#taken.get(repeatedAs) === true) return;
      this.#taken.set(repeatedAs, true);
    }
    underway.track(
      this.#converse(incoming, isCommand).catch((error) => {
        // Nothing came of it: the next one counts.
        if (repeatedAs !== undefined) this.#taken.delete(repeatedAs);
        this.failed(error);
      }),
    );
  }

  async options(body: unknown): Promise<types.PlainTextOption[]> {
    const { token, receiver } = this.#options;
    const asked = token.identity === undefined ? undefined : readSuggestion(body, token.identity);
    if (asked === undefined) return [];
    const { speaker, ...request } = asked;
    const known = await within(completeWithinMs, receiver.complete(speaker, request)).catch(() => []);
    // What was typed may be right although nothing is known of it.
    const isKnown = known?.some((choice) => choice.value === request.typed || choice.label === request.typed);
    const own = request.typed === '' || isKnown ? [] : [{ label: request.typed, value: request.typed }];
    return [...(known ?? []), ...own].flatMap(choiceOption).slice(0, mostOptions);
  }

  homeOpened(user: string): void {
    const { api, underway } = this.#options;
    void underway.track(api.publishHome(user, homeView()));
  }

  tokenDied(reason: string): void {
    this.#options.token.died(reason, this.#options.stopping);
  }

  failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : 'unknown';
    this.#options.log.warn({ reason }, 'Slack: something failed');
  }

  async #converse(incoming: Incoming, isCommand: boolean): Promise<void> {
    const { receiver, api, ways, underway } = this.#options;
    const { inbound } = incoming;
    const way = this.#wayBack(incoming);
    const reply = new SlackReply(api, inbound, way, isCommand);
    const acknowledgement = await receiver.receive(inbound, {
      say: (card, options) => underway.track(reply.say(card, options)),
    });
    if (acknowledgement.kind === 'working') reply.work();
    if (acknowledgement.kind !== 'form') return;
    const { form } = acknowledgement;
    if (way !== undefined) ways.keep(ResponseUrls.ofForm(inbound.user, form.token), way);
    if (!(await this.#openForm(incoming, form)))
      await reply.say(
        { title: 'Slack did not open the form. Please ask once more.', tone: 'warning' },
        { private: true },
      );
  }

  /** The response URL that came with it, or with the command that the form was asked for by. */
  #wayBack({ inbound, responseUrl: url, onEphemeral }: Incoming): ResponseUrl | undefined {
    const { ways } = this.#options;
    const { input, user } = inbound;
    if (url === undefined)
      return input.kind === 'form' ? ways.find(ResponseUrls.ofForm(user, input.token)) : undefined;
    const way = responseUrl(url);
    if (onEphemeral && input.kind === 'button' && input.message !== null)
      ways.keep(ResponseUrls.ofMessage(input.message), way);
    return way;
  }

  async #openForm({ inbound, triggerId }: Incoming, form: Form): Promise<boolean> {
    if (triggerId === undefined) return false;
    const message = inbound.input.kind === 'button' ? inbound.input.message : null;
    const opened = await this.#options.api.openView(triggerId, formView(form, inbound, message));
    return opened.ok;
  }
}
