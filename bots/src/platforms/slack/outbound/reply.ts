import type { Card } from '../../../contract/card.ts';
import type { Inbound, Reply, ReplyOptions, SendResult } from '../../../contract/inbound.ts';
import type { SlackOutbound } from './outbound.ts';
import { isUsable, type ResponseUrl } from './response-urls.ts';

/** Faster answers need no placeholder. */
const placeholderAfterMs = 700;
const working: Card = { title: 'Working on it …', tone: 'neutral' };
const inviteNote = 'HQ is not in this channel and cannot update this message: /invite it.';

/** Answers one delivery. */
export class SlackReply implements Reply {
  readonly #outbound: SlackOutbound;
  readonly #inbound: Inbound;
  readonly #url: ResponseUrl | undefined;
  readonly #isCommand: boolean;
  #timer: NodeJS.Timeout | undefined;
  #placeholder: Promise<void> | undefined;
  #isPlaceholderShown = false;
  #isAnswerShown = false;
  #hasAnswered = false;

  /** `isCommand`: the response URL belongs to a slash command, so it replaces only answers of this reply. */
  constructor(outbound: SlackOutbound, inbound: Inbound, url: ResponseUrl | undefined, isCommand: boolean) {
    this.#outbound = outbound;
    this.#inbound = inbound;
    this.#url = url;
    this.#isCommand = isCommand;
  }

  /** Shows a placeholder unless an answer comes soon. Slack itself shows nothing for a command alone. */
  showWorking(): void {
    if (!this.#isCommand || this.#hasAnswered) return;
    this.#timer = setTimeout(() => {
      this.#placeholder = this.#showPlaceholder();
    }, placeholderAfterMs);
  }

  async send(card: Card, options: ReplyOptions = {}): Promise<SendResult> {
    this.#hasAnswered = true;
    clearTimeout(this.#timer);
    await this.#placeholder;
    const isDirect = this.#inbound.kind === 'direct';
    return options.private === true && !isDirect
      ? this.#sendPrivately(card, options.replaces === true)
      : this.#sendPublicly(card, isDirect);
  }

  async #sendPrivately(card: Card, replaces: boolean): Promise<SendResult> {
    // Only the URL of a command replaces its own answer: that of a button would replace the message with the button.
    const replacesOriginal = this.#isPlaceholderShown || (replaces && this.#isAnswerShown);
    const answered = await this.#respond(card, { isPublic: false, replacesOriginal });
    this.#isAnswerShown ||= answered?.ok === true && this.#isCommand;
    if (answered?.ok === true || answered?.problem.kind === 'wait') return answered;
    const { channel, thread, user } = this.#inbound;
    return this.#outbound.post({ channel, thread, onlyFor: user }, card);
  }

  /** In a direct conversation between two people, to which HQ cannot post, only the sender sees the answer. */
  async #sendPublicly(card: Card, isDirect: boolean): Promise<SendResult> {
    const { channel, thread } = this.#inbound;
    const posted = await this.#outbound.post({ channel, thread }, card);
    if (!posted.ok && posted.problem.kind !== 'closed') return posted;
    const withNote = { ...card, footer: [card.footer, inviteNote].filter(Boolean).join(' ') };
    const sent = posted.ok
      ? posted
      : await this.#respond(isDirect ? card : withNote, { isPublic: !isDirect, replacesOriginal: false });
    if (sent?.ok === true) await this.#deletePlaceholder();
    return sent ?? posted;
  }

  /** Returns undefined if there is no usable response URL. */
  async #respond(
    card: Card,
    options: { readonly isPublic: boolean; readonly replacesOriginal: boolean },
  ): Promise<SendResult | undefined> {
    const url = this.#url;
    if (!isUsable(url)) return undefined;
    url.usesLeft -= 1;
    if (options.replacesOriginal) this.#isPlaceholderShown = false;
    // The URL of a command belongs to no thread; a press in a thread is answered there.
    const thread = this.#isCommand ? null : this.#inbound.thread;
    const sent = await this.#outbound.respond(url.url, card, { ...options, thread });
    // A failed URL is not tried again: the Web API is the alternative.
    if (!sent.ok && sent.problem.kind !== 'wait') url.usesLeft = 0;
    return sent;
  }

  async #showPlaceholder(): Promise<void> {
    const shown = await this.#respond(working, { isPublic: false, replacesOriginal: false });
    this.#isPlaceholderShown = shown?.ok === true;
  }

  async #deletePlaceholder(): Promise<void> {
    const url = this.#url;
    if (!this.#isPlaceholderShown || !isUsable(url)) return;
    this.#isPlaceholderShown = false;
    url.usesLeft -= 1;
    await this.#outbound.deleteOriginal(url.url);
  }
}
