import type { Card } from '../../../contract/card.ts';
import type { Inbound, Reply, SendResult } from '../../../contract/inbound.ts';
import type { SlackApi } from './outbound.ts';
import { isUsable, type ResponseUrl } from './response-urls.ts';

/** An answer that comes sooner needs no "working on it" before it. */
const noticeAfterMs = 700;
const working: Card = { title: 'Working on it …', tone: 'neutral' };
const inviteNote = 'HQ is not in this channel, so this will not be kept up to date: /invite it.';

/** The way back to one delivery. */
export class SlackReply implements Reply {
  readonly #api: SlackApi;
  readonly #from: Inbound;
  readonly #url: ResponseUrl | undefined;
  readonly #isCommand: boolean;
  #notice: Promise<void> | undefined;
  #noticeTimer: NodeJS.Timeout | undefined;
  #hasSpoken = false;
  /** The notice stands, and the next private answer takes its place. */
  #noticeShown = false;

  /** `isCommand`: the response URL is that of a slash command, so what it replaces is what we said through it. */
  constructor(api: SlackApi, from: Inbound, url: ResponseUrl | undefined, isCommand: boolean) {
    this.#api = api;
    this.#from = from;
    this.#url = url;
    this.#isCommand = isCommand;
  }

  /** Says that it is being worked on, unless the answer is there sooner. Only a command shows nothing by itself. */
  work(): void {
    if (!this.#isCommand || this.#hasSpoken) return;
    this.#noticeTimer = setTimeout(() => {
      this.#notice = this.#showNotice();
    }, noticeAfterMs);
  }

  async send(card: Card, options: { readonly private?: boolean } = {}): Promise<SendResult> {
    this.#hasSpoken = true;
    clearTimeout(this.#noticeTimer);
    await this.#notice;
    const isDirect = this.#from.kind === 'direct';
    return options.private === true && !isDirect ? this.#privately(card) : this.#openly(card, isDirect);
  }

  async #privately(card: Card): Promise<SendResult> {
    const answered = await this.#throughUrl(card, { openly: false, replacing: this.#noticeShown });
    if (answered?.ok === true || answered?.problem.kind === 'wait') return answered;
    const { channel, thread, user } = this.#from;
    return this.#api.post({ channel, thread, onlyFor: user }, card);
  }

  /** A direct conversation between two people is none of ours: there the answer is for who asked. */
  async #openly(card: Card, isDirect: boolean): Promise<SendResult> {
    const { channel, thread } = this.#from;
    const posted = await this.#api.post({ channel, thread }, card);
    if (posted.ok || posted.problem.kind !== 'closed') {
      if (posted.ok) await this.#withdrawNotice();
      return posted;
    }
    const shown = isDirect ? card : { ...card, footer: [card.footer, inviteNote].filter(Boolean).join(' ') };
    const answered = await this.#throughUrl(shown, { openly: !isDirect, replacing: false });
    if (answered?.ok === true) await this.#withdrawNotice();
    return answered ?? posted;
  }

  async #throughUrl(
    card: Card,
    how: { readonly openly: boolean; readonly replacing: boolean },
  ): Promise<SendResult | undefined> {
    const url = this.#url;
    if (!isUsable(url)) return undefined;
    url.usesLeft -= 1;
    if (how.replacing) this.#noticeShown = false;
    // A command's URL knows no thread; a press in a thread is answered there.
    const thread = this.#isCommand ? null : this.#from.thread;
    const sent = await this.#api.respond(url.url, card, { ...how, thread });
    // There is another way, and nobody waits twice for one that leads nowhere.
    if (!sent.ok && sent.problem.kind !== 'wait') url.usesLeft = 0;
    return sent;
  }

  async #showNotice(): Promise<void> {
    const shown = await this.#throughUrl(working, { openly: false, replacing: false });
    this.#noticeShown = shown?.ok === true;
  }

  async #withdrawNotice(): Promise<void> {
    const url = this.#url;
    if (!this.#noticeShown || !isUsable(url)) return;
    this.#noticeShown = false;
    url.usesLeft -= 1;
    await this.#api.withdraw(url.url);
  }
}
