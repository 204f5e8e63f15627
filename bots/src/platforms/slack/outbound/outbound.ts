import { type types, webApi } from '@slack/bolt';
import type { Logger } from 'pino';
import type { TextFile } from '../../../contract/adapter.ts';
import type { Card, Handle } from '../../../contract/card.ts';
import type { SendResult } from '../../../contract/inbound.ts';
import type { SendAttempt } from '../../send-attempts.ts';
import { refusedBlocks, slackErrorCode } from '../errors.ts';
import { messageHandle } from '../message-handle.ts';
import { escapeMarkup, line } from '../render/markup.ts';
import { type Rendered, renderCard } from '../render/render.ts';
import { answerWithinMs } from './web-client.ts';

const uploadWithinMs = 60_000;

interface Target {
  readonly channel: string;
  readonly thread: string | null;
  /** Makes the message ephemeral: only this user sees it. */
  readonly onlyFor?: string;
}

const threadNote = 'Its thread is deleted. Type subscribe where alerts shall come instead.';

const asPlain = { parse: 'none', link_names: false } as const;

/** Slack's Web API and its response URLs, as far as HQ uses them. Nothing here rejects. */
export function createOutbound(client: webApi.WebClient, attempt: SendAttempt, log: Logger) {
  const sendCard = (card: Card, send: (content: Rendered) => Promise<Handle | null>): Promise<SendResult> =>
    attempt(() => withTextFallback(renderCard(card), send, log));

  async function post(target: Target, card: Card): Promise<SendResult> {
    const sent = await sendCard(card, (content) => postMessage(client, target, content));
    if (target.thread === null || sent.ok || sent.problem.kind !== 'gone') return sent;
    // The parent message of the thread was deleted: the card goes to the channel.
    const footer = [card.footer, threadNote].filter(Boolean).join(' ');
    return post({ ...target, thread: null }, { ...card, footer });
  }

  return {
    post,
    update: (channel: string, ts: string, card: Card): Promise<SendResult> =>
      sendCard(card, async (content) => {
        await client.chat.update({ channel, ts, ...content, ...asPlain });
        return messageHandle(channel, ts);
      }),
    /** Shows a card through a response URL. It has no handle: only the same URL can change it. */
    respond: (
      url: string,
      card: Card,
      options: {
        readonly isPublic: boolean;
        readonly replacesOriginal: boolean;
        readonly thread: string | null;
      },
    ): Promise<SendResult> =>
      attempt(() =>
        postToUrl(url, {
          ...renderCard(card),
          response_type: options.isPublic ? 'in_channel' : 'ephemeral',
          replace_original: options.replacesOriginal,
          ...inThread(options.thread),
        }),
      ),
    deleteOriginal: (url: string): Promise<SendResult> =>
      attempt(() => postToUrl(url, { delete_original: true })),
    openView: (triggerId: string, view: types.ModalView): Promise<SendResult> =>
      attempt(() => client.views.open({ trigger_id: triggerId, view }).then(() => null)),
    publishHome: (user: string, view: types.HomeView): Promise<SendResult> =>
      attempt(() => client.views.publish({ user_id: user, view }).then(() => null)),
    file: (target: Target, file: TextFile): Promise<SendResult> =>
      attempt(() => uploadFile(client, target, file)),
  };
}

export type SlackOutbound = ReturnType<typeof createOutbound>;

/** Sends the text alone if Slack refuses the blocks, as it may although they are valid. */
async function withTextFallback(
  content: Rendered,
  send: (content: Rendered) => Promise<Handle | null>,
  log: Logger,
): Promise<Handle | null> {
  try {
    return await send(content);
  } catch (error) {
    const code = slackErrorCode(error);
    if (code === undefined || !refusedBlocks.has(code)) throw error;
    const handle = await send({ text: content.text, blocks: [] });
    log.warn({ code }, 'Slack accepted the text of a card but not its blocks');
    return handle;
  }
}

async function postMessage(
  client: webApi.WebClient,
  { channel, thread, onlyFor: user }: Target,
  content: Rendered,
): Promise<Handle | null> {
  const message = { channel, ...content, ...inThread(thread), ...asPlain };
  if (user !== undefined) {
    await client.chat.postEphemeral({ ...message, user });
    return null;
  }
  const previews = { mrkdwn: false, unfurl_links: false, unfurl_media: false };
  const posted = await client.chat.postMessage({ ...message, ...previews });
  // A message to a user's id goes to a conversation with its own id.
  return posted.ts === undefined ? null : messageHandle(posted.channel ?? channel, posted.ts);
}

/** Uploads in three steps, because the library's method sends the bot token to the upload address. */
async function uploadFile(client: webApi.WebClient, target: Target, file: TextFile): Promise<null> {
  const bytes = Buffer.from(file.text, 'utf8');
  const name = line(file.name, 200).replace(/[/\\]/gu, '_') || 'output.txt';
  const { upload_url, file_id } = await client.files.getUploadURLExternal({
    filename: name,
    length: bytes.length,
  });
  if (upload_url === undefined || file_id === undefined)
    throw new webApi.WebAPIPlatformError({ ok: false, error: 'no_upload_url' });
  const uploaded = await fetch(upload_url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(bytes),
    redirect: 'error',
    signal: AbortSignal.timeout(uploadWithinMs),
  });
  await uploaded.arrayBuffer();
  if (!uploaded.ok) throw new webApi.WebAPIHTTPError(uploaded.status, uploaded.statusText, {});
  await client.files.completeUploadExternal({
    files: [{ id: file_id, title: name }],
    channel_id: target.channel,
    initial_comment: escapeMarkup(line(file.note, 300), 1000),
    ...inThread(target.thread),
  });
  return null;
}

async function postToUrl(url: string, body: object): Promise<null> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(answerWithinMs),
  });
  const text = await response.text();
  if (response.status === 429)
    throw new webApi.WebAPIRateLimitedError(Number(response.headers.get('retry-after')) || 5);
  const code = /"error"\s*:\s*"([a-z0-9_]+)"/u.exec(text)?.[1];
  if (code !== undefined) throw new webApi.WebAPIPlatformError({ ok: false, error: code });
  if (!response.ok) throw new webApi.WebAPIHTTPError(response.status, response.statusText, {});
  return null;
}

function inThread(thread: string | null): { thread_ts?: string } {
  return thread === null ? {} : { thread_ts: thread };
}
