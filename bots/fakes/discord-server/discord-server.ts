import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createChanges } from './changes.ts';
import type { RegisteredCommand } from './command-schemas.ts';
import { Gateway } from './gateway.ts';
import {
  type Channel,
  type ChannelRef,
  type DiscordUser,
  type GuildState,
  type Interaction,
  type Message,
  newBotToken,
  type ScriptedResponse,
  snowflake,
} from './guild-state.ts';
import { InteractionResponses } from './interaction-responses.ts';
import { RateLimits } from './rate-limits.ts';
import { type RecordedRequest, RestApi } from './rest-api.ts';
import { SignedSender } from './signed-sender.ts';
import { createUserActions, type UserActions } from './user-actions.ts';

interface DiscordServerOptions {
  /** Requests of one kind in one channel, or for one interaction, within `windowMs`. Discord's limit is 5 in 5 s. */
  readonly rate?: { readonly limit: number; readonly windowMs: number };
  /** Requests of the bot in one second, without interactions. */
  readonly perSecond?: number;
  /** Time limit of the first answer; Discord's is 3 s. */
  readonly acknowledgeWithinMs?: number;
  readonly heartbeatMs?: number;
  readonly applicationId?: string;
  /** Lists no server in READY, as right after the invitation. */
  readonly namesNoServers?: boolean;
}

export interface DiscordServer extends UserActions {
  /** For `DISCORD_API_URL`. */
  readonly apiUrl: string;
  readonly token: string;
  readonly applicationId: string;
  /** For `DISCORD_PUBLIC_KEY`. */
  readonly publicKey: string;
  /** The channel of the initial guild. */
  readonly home: ChannelRef;

  user(name: string, options?: { bot?: boolean; system?: boolean; locale?: string }): DiscordUser;
  /** A channel of the home guild, or of another one. */
  channel(name: string, guild?: string): ChannelRef;
  /** A thread of a channel. */
  thread(name: string, parent: ChannelRef): ChannelRef;
  newGuild(): ChannelRef;
  /** The bot's direct messages with that user. */
  direct(user: DiscordUser): ChannelRef;

  /** Sends the same interaction again; resolves when it is sent. */
  redeliver(interaction: Interaction): Promise<void>;
  /** Sends an interaction unchanged. */
  deliver(payload: unknown): void;

  /** Visible messages, oldest first; private ones only for `as`. */
  messages(where: ChannelRef, as?: DiscordUser): readonly Message[];
  readonly commands: readonly RegisteredCommand[];
  readonly requests: readonly RecordedRequest[];
  readonly rateLimited: number;
  readonly gateway: Gateway;
  /** Resolves when the check is true; runs it after every change. */
  until<T>(check: () => T | null | undefined | false, what?: string): Promise<T>;

  /** Resets the bot's token, as in the developer portal: REST 401, gateway 4004. */
  revokeToken(): string;
  setAccess(where: ChannelRef, access: Channel['access']): void;
  remove(where: ChannelRef): void;
  /** Advances the clock of the interaction tokens. */
  advance(ms: number): void;
  /** Scripts the response to the next matching requests; `afterwards`: after their effect. */
  script(rule: Partial<ScriptedResponse> & Pick<ScriptedResponse, 'method' | 'path' | 'status'>): void;
  /** Posts interactions to this address from now on, as after saving it in the developer portal; false if refused. */
  useEndpoint(url: string): Promise<boolean>;
  signed: SignedSender;
  close(): Promise<void>;
}

export async function startDiscordServer(options: DiscordServerOptions = {}): Promise<DiscordServer> {
  // Over 60 lines: it wires the parts and lists the controls for tests.
  const acknowledgeWithinMs = options.acknowledgeWithinMs ?? 3000;
  const applicationId = options.applicationId ?? snowflake();
  const changes = createChanges();
  const botUser: DiscordUser = {
    id: applicationId,
    username: 'HQ',
    bot: true,
    system: false,
    locale: 'en-US',
  };
  const state: GuildState = {
    applicationId,
    botUser,
    token: newBotToken(applicationId),
    channels: new Map(),
    users: new Map(),
    messages: [],
    interactions: new Map(),
    sessions: new Map(),
    commands: [],
    scripted: [],
    aheadMs: 0,
    changed: changes.notify,
  };
  const callbacks = new InteractionResponses(state, acknowledgeWithinMs);
  const limits = new RateLimits({
    limit: options.rate?.limit ?? 5,
    windowMs: options.rate?.windowMs ?? 5000,
    perSecond: options.perSecond ?? 50,
  });
  const http = createServer((request, response) => {
    rest.handle(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const port = portOf(http.address());
  const gatewayAddress = (): string => `ws://127.0.0.1:${port}`;
  const gateway = new Gateway(state, gatewayAddress, options);
  const rest = new RestApi(state, callbacks, limits, gatewayAddress);
  http.on('upgrade', (request, socket, head) => gateway.upgrade(request, socket, head));
  const signed = new SignedSender();
  let endpoint: string | null = null;

  const addChannel = (
    name: string,
    guild: string | null,
    recipient: string | null,
    parent: string | null = null,
  ): ChannelRef => {
    const channel: Channel = { channel: snowflake(), guild, name, recipient, parent, access: 'open' };
    state.channels.set(channel.channel, channel);
    return channel;
  };

  const post = async (interaction: Interaction, url: string): Promise<void> => {
    const response = await signed.send(url, interaction.payload);
    const text = await response.text();
    if (response.status === 200) callbacks.accept(interaction, JSON.parse(text));
    else if (response.status !== 202) throw new Error(`The endpoint answered ${response.status}`);
  };

  const start = async (interaction: Interaction): Promise<void> => {
    if (endpoint) await post(interaction, endpoint);
    else gateway.dispatch('INTERACTION_CREATE', interaction.payload);
  };

  const home = addChannel('ops', snowflake(), null);

  return {
    apiUrl: `http://127.0.0.1:${port}/api`,
    token: state.token,
    applicationId,
    publicKey: signed.publicKey,
    home,
    gateway,
    signed,
    requests: rest.requests,
    get commands() {
      return state.commands;
    },
    get rateLimited() {
      return limits.refused;
    },
    user: (username, { bot = false, system = false, locale = 'en-US' } = {}) => {
      const user = { id: snowflake(), username, bot, system, locale };
      state.users.set(user.id, user);
      return user;
    },
    channel: (name, guild = home.guild ?? snowflake()) => addChannel(name, guild, null),
    thread: (name, { guild, channel }) => addChannel(name, guild, null, channel),
    newGuild: () => addChannel('general', snowflake(), null),
    direct: (user) =>
      [...state.channels.values()].find(({ recipient }) => recipient === user.id) ??
      addChannel(user.username, null, user.id),

    ...createUserActions(state, { start, until: changes.until, acknowledgeWithinMs }),
    redeliver: start,
    deliver: (payload) => gateway.dispatch('INTERACTION_CREATE', payload),

    messages: (where, as) =>
      state.messages.filter(
        ({ channel, deleted, onlyFor }) =>
          channel === where.channel && !deleted && (onlyFor === null || onlyFor === as?.id),
      ),
    until: changes.until,

    revokeToken: () => {
      state.token = newBotToken(applicationId);
      gateway.drop(4004);
      return state.token;
    },
    setAccess: ({ channel }, access) => {
      const found = state.channels.get(channel);
      if (found) found.access = access;
    },
    remove: ({ channel }) => void state.channels.delete(channel),
    advance: (ms) => {
      state.aheadMs += ms;
    },
    script: (rule) =>
      void state.scripted.push({ body: undefined, headers: {}, times: 1, afterwards: false, ...rule }),
    useEndpoint: async (url) => {
      const accepted = await signed.accepts(url, applicationId);
      if (accepted) endpoint = url;
      return accepted;
    },
    close: async () => {
      gateway.close();
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}
