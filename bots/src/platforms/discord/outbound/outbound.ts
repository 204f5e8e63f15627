import { createHash, randomUUID } from 'node:crypto';
import { type APIInteractionResponse, type RawFile, REST, Routes } from 'discord.js';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { isTransient } from '../errors.ts';
import type { Registration } from '../render/commands-menu.ts';
import type { Rendered } from '../render/render.ts';
import type { DiscordSettings } from '../settings.ts';
import { restOptions } from './rest-options.ts';

/** Discord ignores a second message with the same nonce within this time. */
const nonceValidMs = 2 * 60_000;

const message = z.object({ id: z.string(), channel_id: z.string().optional() });
const withId = z.object({ id: z.string() });

export type MessageRef = z.output<typeof message>;

/** The part of an interaction that its answers need. */
interface InteractionAddress {
  readonly application: string;
  readonly token: string;
}

/** Discord's REST API, as far as HQ uses it. Rejects with the library's errors. */
export class DiscordOutbound {
  readonly #rest: REST;
  /** Nonces of messages that may have arrived: a retry sends the same message. */
  readonly #nonces = new LRUCache<string, string>({ max: 1000, ttl: nonceValidMs });

  constructor({ apiUrl, token }: DiscordSettings) {
    this.#rest = new REST(restOptions(apiUrl)).setToken(token);
  }

  async acknowledge(
    { id, token }: { readonly id: string; readonly token: string },
    body: APIInteractionResponse,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#rest.post(Routes.interactionCallback(id, token), { body, auth: false, signal });
  }

  async deleteOriginal({ application, token }: InteractionAddress): Promise<void> {
    await this.#rest.delete(Routes.webhookMessage(application, token, '@original'), { auth: false });
  }

  followUp({ application, token }: InteractionAddress, body: Rendered): Promise<MessageRef> {
    const query = new URLSearchParams({ wait: 'true' });
    return this.#message(this.#rest.post(Routes.webhook(application, token), { body, query, auth: false }));
  }

  /** `messageId` is `@original` or the id of a later answer. */
  editAnswer(
    { application, token }: InteractionAddress,
    messageId: string,
    body: Rendered,
  ): Promise<MessageRef> {
    const route = Routes.webhookMessage(application, token, messageId);
    return this.#message(this.#rest.patch(route, { body, auth: false }));
  }

  send(channel: string, body: Rendered, files?: RawFile[]): Promise<MessageRef> {
    return this.#message(this.#rest.post(Routes.channelMessages(channel), { body, ...(files && { files }) }));
  }

  /** Sends a message that a retry after a lost answer does not create twice. */
  async sendOnce(channel: string, body: Rendered): Promise<MessageRef> {
    const key = createHash('sha256')
      .update(`${channel}\n${JSON.stringify(body)}`)
      .digest('base64url');
    const nonce = this.#nonces.get(key) ?? randomUUID().replaceAll('-', '').slice(0, 25);
    this.#nonces.delete(key);
    try {
      const once = { ...body, nonce, enforce_nonce: true };
      return await this.#message(this.#rest.post(Routes.channelMessages(channel), { body: once }));
    } catch (error) {
      if (isTransient(error)) this.#nonces.set(key, nonce);
      throw error;
    }
  }

  edit(channel: string, messageId: string, body: Rendered): Promise<MessageRef> {
    return this.#message(this.#rest.patch(Routes.channelMessage(channel, messageId), { body }));
  }

  /** Returns the channel of direct messages with a user. */
  async directChannel(user: string): Promise<string> {
    return withId.parse(await this.#rest.post(Routes.userChannels(), { body: { recipient_id: user } })).id;
  }

  async ownApplication(): Promise<string> {
    return withId.parse(await this.#rest.get(Routes.currentApplication())).id;
  }

  async registerCommands(application: string, { body }: Registration): Promise<void> {
    await this.#rest.put(Routes.applicationCommands(application), { body: [body] });
  }

  async #message(answer: Promise<unknown>): Promise<MessageRef> {
    return message.parse(await answer);
  }
}
