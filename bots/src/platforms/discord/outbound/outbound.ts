import { type APIInteractionResponse, type RawFile, REST, Routes } from 'discord.js';
import { z } from 'zod';
import type { Registration } from '../render/commands-menu.ts';
import type { Rendered } from '../render/render.ts';
import type { DiscordSettings } from '../settings.ts';
import { restOptions } from './rest-options.ts';

const asMessage = z.object({ id: z.string(), channel_id: z.string().optional() });
const asNamed = z.object({ id: z.string() });

export type MessageRef = z.output<typeof asMessage>;

/** The body of a new message that a repeated request does not make twice. */
export type Outgoing = Rendered & { readonly nonce?: string };

/** What the adapter says to Discord's REST API. Everything here rejects with the library's errors. */
export class DiscordApi {
  readonly #rest: REST;
  #lastOutboundAt: number | null = null;

  constructor({ apiUrl, token }: Pick<DiscordSettings, 'apiUrl' | 'token'>) {
    this.#rest = new REST(restOptions(apiUrl)).setToken(token);
  }

  get lastOutboundAt(): number | null {
    return this.#lastOutboundAt;
  }

  async acknowledge(
    { id, token }: { id: string; token: string },
    body: APIInteractionResponse,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#rest.post(Routes.interactionCallback(id, token), { body, auth: false, signal });
    this.#sent();
  }

  async deleteOriginal(application: string, token: string): Promise<void> {
    await this.#rest.delete(Routes.webhookMessage(application, token, '@original'), { auth: false });
  }

  followUp(application: string, token: string, body: Rendered): Promise<MessageRef> {
    const query = new URLSearchParams({ wait: 'true' });
    return this.#message(this.#rest.post(Routes.webhook(application, token), { body, query, auth: false }));
  }

  /** `message` is `@original` or the id of a later one. */
  editAnswer(application: string, token: string, message: string, body: Rendered): Promise<MessageRef> {
    return this.#message(
      this.#rest.patch(Routes.webhookMessage(application, token, message), { body, auth: false }),
    );
  }

  send(channel: string, { nonce, ...message }: Outgoing, files?: RawFile[]): Promise<MessageRef> {
    const body = { ...message, ...(nonce !== undefined && { nonce, enforce_nonce: true }) };
    return this.#message(this.#rest.post(Routes.channelMessages(channel), { body, ...(files && { files }) }));
  }

  edit(channel: string, message: string, body: Rendered): Promise<MessageRef> {
    return this.#message(this.#rest.patch(Routes.channelMessage(channel, message), { body }));
  }

  /** The channel of the direct messages with this user. */
  async directChannel(user: string): Promise<string> {
    const body = { recipient_id: user };
    return asNamed.parse(await this.#rest.post(Routes.userChannels(), { body })).id;
  }

  async ownApplication(): Promise<string> {
    return asNamed.parse(await this.#rest.get(Routes.currentApplication())).id;
  }

  async register(application: string, { body }: Registration): Promise<void> {
    await this.#rest.put(Routes.applicationCommands(application), { body: [body] });
  }

  async #message(answer: Promise<unknown>): Promise<MessageRef> {
    const message = asMessage.parse(await answer);
    this.#sent();
    return message;
  }

  #sent(): void {
    this.#lastOutboundAt = Date.now();
  }
}
