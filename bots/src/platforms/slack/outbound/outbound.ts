import { type types, webApi } from '@slack/bolt';
import type { Logger } from 'pino';
import type { Card, Handle } from '../../../contract/card.ts';
import type { SendResult } from '../../../contract/inbound.ts';
import { isDeadToken, notTheseBlocks, problemOf, slackError } from '../errors.ts';
import { messageHandle } from '../message-handle.ts';
import { escapeMarkup, line } from '../render/markup.ts';
import { type Rendered, renderCard } from '../render/render.ts';
import { answerWithinMs } from './web-client.ts';

const uploadWithinMs = 60_000;

/** Where something is to be shown. `onlyFor` makes it a message that one person sees. */
export interface Target {
  readonly channel: string;
  readonly thread: string | null;
  readonly onlyFor?: string;
}

interface Watch {
  /** Slack took something from us. */
  sent(): void;
  /** Slack does not accept the bot token any more. */
  tokenDied(): void;
}

/** Slack's Web API and its response URLs, as far as HQ uses them. Nothing here rejects. */
export class SlackApi {
  readonly #client: webApi.WebClient;
  readonly #watch: Watch;
  readonly #log: Logger;

  constructor(client: webApi.WebClient, watch: Watch, log: Logger) {
    this.#client = client;
    this.#watch = watch;
    this.#log = log;
  }

  async post(target: Target, card: Card): Promise<SendResult> {
    const first = await this.#withBlocksOrWords(card, (content) => this.#post(target, content));
    // The message that the thread hung on was deleted: what is to be said is said beside it.
    if (target.thread !== null && !first.ok && first.problem.kind === 'gone')
      return this.post({ ...target, thread: null }, card);
    return first;
  }

  async update(channel: string, ts: string, card: Card): Promise<SendResult> {
    return this.#withBlocksOrWords(card, (content) =>
      this.#client.chat
        .update({ channel, ts, ...content, parse: 'none', link_names: false })
        .then(() => messageHandle(channel, ts)),
    );
  }

  /** Shows a card through a response URL. It has no handle: such a message is changed through the same URL alone. */
  async respond(
    url: string,
    card: Card,
    how: { readonly openly: boolean; readonly replacing: boolean; readonly thread: string | null },
  ): Promise<SendResult> {
    const rendered = renderCard(card);
    return this.#postTo(url, {
      ...rendered,
      response_type: how.openly ? 'in_channel' : 'ephemeral',
      replace_original: how.replacing,
      ...(how.thread === null ? {} : { thread_ts: how.thread }),
    });
  }

  async withdraw(url: string): Promise<SendResult> {
    return this.#postTo(url, { delete_original: true });
  }

  async openView(triggerId: string, view: types.ModalView): Promise<SendResult> {
    return this.#attempt(() => this.#client.views.open({ trigger_id: triggerId, view }).then(() => null));
  }

  async publishHome(user: string, view: types.HomeView): Promise<SendResult> {
    return this.#attempt(() => this.#client.views.publish({ user_id: user, view }).then(() => null));
  }

  /** In three steps, because the library's own way sends the bot token along to the upload address. */
  async file(
    target: Target,
    file: { readonly name: string; readonly text: string; readonly note: string },
  ): Promise<SendResult> {
    const bytes = Buffer.from(file.text, 'utf8');
    const name = line(file.name, 200).replace(/[/\\]/gu, '_') || 'output.txt';
    return this.#attempt(async () => {
      const location = await this.#client.files.getUploadURLExternal({
        filename: name,
        length: bytes.length,
      });
      if (location.upload_url === undefined || location.file_id === undefined)
        throw new webApi.WebAPIPlatformError({ ok: false, error: 'no_upload_url' });
      const uploaded = await fetch(location.upload_url, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array(bytes),
        redirect: 'error',
        signal: AbortSignal.timeout(uploadWithinMs),
      });
      await uploaded.arrayBuffer();
      if (!uploaded.ok) throw new webApi.WebAPIHTTPError(uploaded.status, uploaded.statusText, {});
      await this.#client.files.completeUploadExternal({
        files: [{ id: location.file_id, title: name }],
        channel_id: target.channel,
        initial_comment: escapeMarkup(line(file.note, 300), 1000),
        ...(target.thread === null ? {} : { thread_ts: target.thread }),
      });
      return null;
    });
  }

  async #post(target: Target, content: Rendered): Promise<Handle | null> {
    const thread = target.thread === null ? {} : { thread_ts: target.thread };
    const plainly = { parse: 'none', link_names: false } as const;
    if (target.onlyFor !== undefined) {
      const { channel, onlyFor: user } = target;
      await this.#client.chat.postEphemeral({ channel, user, ...content, ...thread, ...plainly });
      return null;
    }
    const posted = await this.#client.chat.postMessage({
      channel: target.channel,
      ...content,
      ...thread,
      ...plainly,
      mrkdwn: false,
      unfurl_links: false,
      unfurl_media: false,
    });
    // A conversation that was addressed by a person's id has an id of its own.
    return posted.ts === undefined ? null : messageHandle(posted.channel ?? target.channel, posted.ts);
  }

  /** Slack may refuse blocks that it documents as fine. Then the words go alone: a result without buttons is a result. */
  async #withBlocksOrWords(
    card: Card,
    run: (content: Rendered) => Promise<Handle | null>,
  ): Promise<SendResult> {
    const content = renderCard(card);
    let refused: string | undefined;
    const sent = await this.#attempt(async () => {
      try {
        return await run(content);
      } catch (error) {
        refused = slackError(error);
        if (refused === undefined || !notTheseBlocks.has(refused)) throw error;
        return run({ text: content.text, blocks: [] });
      }
    });
    if (refused !== undefined && sent.ok)
      this.#log.warn({ refused }, 'Slack took the words of a card, not its blocks');
    return sent;
  }

  async #postTo(url: string, body: object): Promise<SendResult> {
    return this.#attempt(async () => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(answerWithinMs),
      });
      const said = await response.text();
      if (response.status === 429)
        throw new webApi.WebAPIRateLimitedError(Number(response.headers.get('retry-after')) || 5);
      const named = /"error"\s*:\s*"([a-z0-9_]+)"/u.exec(said)?.[1];
      if (named !== undefined) throw new webApi.WebAPIPlatformError({ ok: false, error: named });
      if (!response.ok) throw new webApi.WebAPIHTTPError(response.status, response.statusText, {});
      return null;
    });
  }

  async #attempt(run: () => Promise<Handle | null>): Promise<SendResult> {
    try {
      const handle = await run();
      this.#watch.sent();
      return { ok: true, handle };
    } catch (error) {
      if (isDeadToken(error)) this.#watch.tokenDied();
      const problem =
        slackError(error) === 'thread_not_found' ? ({ kind: 'gone' } as const) : problemOf(error);
      if (problem.kind !== 'wait')
        this.#log.warn({ problem, said: slackError(error) }, 'Slack did not take it');
      return { ok: false, problem };
    }
  }
}
