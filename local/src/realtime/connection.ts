import { WebSocket } from 'ws';
import { z } from 'zod';
import type { ApiKeys } from '../api/tokens.ts';
import type { Turns } from '../api/turns.ts';
import { audienceOf, type Binding, joinPayload, readBindings } from './bindings.ts';
import type { ChangeFeed } from './change-feed.ts';
import { Channel } from './channel.ts';
import { decodeFrame, encodeFrame, type Frame, type ProtocolVersion } from './frames.ts';
import type { Audience } from './visibility.ts';

export interface ConnectionOptions {
  readonly socket: WebSocket;
  readonly version: ProtocolVersion;
  /** API key that opened the socket. */
  readonly key: string;
  readonly keys: ApiKeys;
  readonly feed: ChangeFeed;
  /** Shared by all sockets. */
  readonly turns: Turns;
  /** Returns the reason why this user may not subscribe to these bindings too; null if they may. */
  readonly joinFault: (
    joining: Connection,
    audience: Audience,
    bindings: readonly Binding[],
  ) => string | null;
}

const maxChannels = 100;
/** A client that does not read is disconnected above this limit; it reads its tables again after it reconnects. */
const maxUnreadBytes = 4 * 1024 * 1024;
/** Messages that wait to be answered; a client that sends more is not read meanwhile. */
const mostPending = 20;
/** Milliseconds after which a socket without a channel is closed: a client opens one to join. */
const unusedMs = 60_000;
/** Limit without a message; clients send a heartbeat every 25 to 30 s. */
const silenceMs = 90_000;
const tokenPayload = z.object({ access_token: z.string().nullish() });

/** One WebSocket with its channels. */
export class Connection {
  readonly channels = new Map<string, Channel>();
  readonly #options: ConnectionOptions;
  #lastMessageAt = Date.now();
  /** Time since which this socket has no channel; null while it has one. */
  #unusedSince: number | null = Date.now();
  readonly #unread: string[] = [];
  #pending = 0;
  /** Pending work by topic: messages are answered in order, though some wait for the database. */
  readonly #work = new Map<string, Promise<void>>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    options.socket.on('message', (data, isBinary) => {
      this.#lastMessageAt = Date.now();
      // Binary messages are broadcasts, which are not served.
      if (isBinary) return;
      this.#unread.push(data.toString());
      this.#pending += 1;
      this.#pauseIfBusy();
      if (this.#unread.length === 1) void this.#read();
    });
    options.socket.on('close', () => {
      for (const channel of this.channels.values()) channel.end();
      this.channels.clear();
    });
    // An error is followed by `close`.
    options.socket.on('error', () => options.socket.terminate());
  }

  /** Returns true for a socket without messages, or without a channel for a while. */
  isIdle(now: number): boolean {
    this.#unusedSince = this.channels.size > 0 ? null : (this.#unusedSince ?? now);
    const isUnused = this.#unusedSince !== null && now - this.#unusedSince > unusedMs;
    return isUnused || now - this.#lastMessageAt > silenceMs;
  }

  sendText(text: string): void {
    const { socket } = this.#options;
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > maxUnreadBytes) socket.terminate();
    else socket.send(text);
  }

  send(frame: Frame): void {
    this.sendText(encodeFrame(frame, this.#options.version));
  }

  get version(): ProtocolVersion {
    return this.#options.version;
  }

  close(): void {
    this.#options.socket.close(1001, 'The server is stopping.');
  }

  terminate(): void {
    this.#options.socket.terminate();
  }

  /** Makes the client join again and read what it missed, after changes were lost. */
  failChannels(): void {
    for (const channel of this.channels.values()) {
      if (channel.bindings.length > 0) this.fail(channel);
    }
  }

  fail(channel: Channel): void {
    this.#drop(channel);
    const { topic, joinRef } = channel;
    this.send({ joinRef, ref: joinRef, topic, event: 'phx_error', payload: {} });
  }

  /** Reads messages, one in each turn of this socket. */
  async #read(): Promise<void> {
    const { socket, turns, version } = this.#options;
    while (socket.readyState === WebSocket.OPEN && this.#unread.length > 0) {
      await turns.next();
      const frame = decodeFrame(this.#unread[0] ?? '', version);
      this.#unread.shift();
      if (frame && !isHeartbeat(frame)) {
        this.#queue(frame);
      } else {
        if (frame) this.#reply(frame, 'ok', {});
        this.#answered();
      }
    }
  }

  #answered(): void {
    this.#pending -= 1;
    this.#pauseIfBusy();
  }

  #pauseIfBusy(): void {
    const { socket } = this.#options;
    if (this.#pending >= mostPending || this.#unread.length > 1) socket.pause();
    else socket.resume();
  }

  #queue(frame: Frame): void {
    const { topic } = frame;
    const work = (this.#work.get(topic) ?? Promise.resolve())
      .then(() => this.#receive(frame))
      // An unexpected error closes this client's socket only.
      .catch(() => this.terminate())
      .finally(() => {
        if (this.#work.get(topic) === work) this.#work.delete(topic);
        this.#answered();
      });
    this.#work.set(topic, work);
  }

  async #receive(frame: Frame): Promise<void> {
    const channel = this.channels.get(frame.topic);
    if (frame.event === 'phx_join') {
      await this.#join(frame);
    } else if (!channel) {
      this.#reply(frame, 'error', { reason: 'unmatched topic' });
    } else if (frame.event === 'phx_leave') {
      this.#reply(frame, 'ok', {});
      this.#closeChannel(channel);
    } else if (frame.event === 'access_token') {
      await this.#changeToken(channel, tokenPayload.safeParse(frame.payload).data?.access_token);
    } else {
      this.#reply(frame, 'error', { reason: 'only postgres_changes are served here' });
    }
  }

  async #join(frame: Frame): Promise<void> {
    const { keys, key, feed } = this.#options;
    const { data } = joinPayload.safeParse(frame.payload);
    const bindings = data && readBindings(data.config.postgres_changes);
    if (!bindings)
      return this.#reply(frame, 'error', { reason: 'the configuration of the channel is not valid' });
    const replaced = this.channels.get(frame.topic);
    if (replaced) this.#closeChannel(replaced);
    if (this.channels.size >= maxChannels)
      return this.#reply(frame, 'error', { reason: 'too many channels' });
    const audience = await audienceOf(data.access_token, key, keys).catch(() => undefined);
    if (!audience)
      return this.#reply(frame, 'error', { reason: 'the access token is not valid or has expired' });
    if (bindings.length > 0 && !(await feed.whenUp())) {
      return this.#reply(frame, 'error', { reason: 'the database is not available' });
    }
    const fault = this.#options.joinFault(this, audience, bindings);
    if (fault !== null) return this.#reply(frame, 'error', { reason: fault });
    // The client disconnected meanwhile.
    if (this.#options.socket.readyState !== WebSocket.OPEN) return;
    const channel = new Channel({
      topic: frame.topic,
      joinRef: frame.joinRef ?? frame.ref,
      bindings,
      audience,
      token: data.access_token ?? key,
      onExpired: (expired, sentence) => this.#refuse(expired, sentence),
    });
    this.channels.set(frame.topic, channel);
    this.#reply(frame, 'ok', { postgres_changes: bindings.map(({ original, id }) => ({ ...original, id })) });
    this.#subscribe(channel);
  }

  /** Called again after the tables or the token changed. */
  #subscribe(channel: Channel): void {
    if (channel.bindings.length === 0) return;
    const isWhole = channel.resolve(this.#options.feed.tables());
    this.#system(
      channel,
      'postgres_changes',
      isWhole ? 'ok' : 'error',
      isWhole
        ? 'Subscribed to PostgreSQL'
        : 'Unable to subscribe to changes with given parameters: is each table published and readable, and each filter valid?',
    );
  }

  resubscribe(): void {
    for (const channel of this.channels.values()) channel.resolve(this.#options.feed.tables());
  }

  async #changeToken(channel: Channel, token: string | null | undefined): Promise<void> {
    if (!token || token.startsWith('sb_') || token === channel.token) return;
    const { keys, key } = this.#options;
    const audience = await audienceOf(token, key, keys).catch(() => undefined);
    if (!audience) return this.#refuse(channel, 'The access token is not valid or has expired');
    if (this.channels.get(channel.topic) !== channel) return;
    channel.setAudience(audience, token);
    this.#subscribe(channel);
  }

  #refuse(channel: Channel, message: string): void {
    this.#system(channel, 'system', 'error', message);
    this.#closeChannel(channel);
  }

  #system(channel: Channel, extension: string, status: 'ok' | 'error', message: string): void {
    const { topic, joinRef } = channel;
    this.send({
      joinRef,
      ref: null,
      topic,
      event: 'system',
      payload: { extension, status, message, channel: topic.replace(/^realtime:/, '') },
    });
  }

  #closeChannel(channel: Channel): void {
    this.#drop(channel);
    const { topic, joinRef } = channel;
    this.send({ joinRef, ref: joinRef, topic, event: 'phx_close', payload: {} });
  }

  #drop(channel: Channel): void {
    channel.end();
    if (this.channels.get(channel.topic) === channel) this.channels.delete(channel.topic);
  }

  #reply({ joinRef, ref, topic }: Frame, status: 'ok' | 'error', response: object): void {
    this.send({ joinRef, ref, topic, event: 'phx_reply', payload: { status, response } });
  }
}

function isHeartbeat({ topic, event }: Frame): boolean {
  return topic === 'phoenix' && event === 'heartbeat';
}
