import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type {
  Adapter,
  AdapterState,
  Capabilities,
  CommandDescription,
  ConnectionHealth,
} from '../../src/contract/adapter.ts';
import type { Card, Handle } from '../../src/contract/card.ts';
import type {
  Acknowledgement,
  ChatLocation,
  Inbound,
  Platform,
  Receiver,
  SendResult,
} from '../../src/contract/inbound.ts';
import type { SkeletonSettings } from './settings.ts';

/** The smallest adapter. It keeps messages in memory; a copy calls its platform in each of these methods. */
export class SkeletonAdapter implements Adapter {
  readonly platform: Platform;
  readonly capabilities: Capabilities = {
    private: false,
    forms: false,
    formErrors: false,
    commands: { prefix: '/hq' },
    completion: false,
    files: false,
    redelivers: false,
    maxText: 2_000,
    maxButtons: 5,
    editEveryMs: 1_000,
    chatEveryMs: 0,
    perSecond: 10,
  };
  readonly messages = new Map<string, Card>();
  commands: readonly CommandDescription[] = [];
  private readonly settings: SkeletonSettings;
  private readonly log: Logger;
  private state: AdapterState = 'starting';
  private receiver: Receiver | null = null;

  constructor(platform: Platform, settings: SkeletonSettings, log: Logger) {
    this.platform = platform;
    this.settings = settings;
    this.log = log;
  }

  async start(receiver: Receiver): Promise<void> {
    this.log.info({ tokenLength: this.settings.token.length }, 'connected');
    this.receiver = receiver;
    this.state = 'connected';
  }

  async stop(): Promise<void> {
    this.receiver = null;
    this.state = 'stopped';
  }

  health(): ConnectionHealth {
    return { state: this.state, detail: null, install: 'S1' };
  }

  /** The connection calls this for each update of the platform. */
  async receive(inbound: Inbound): Promise<Acknowledgement> {
    if (this.receiver === null) return { kind: 'quiet' };
    return this.receiver.receive(inbound, { send: (card) => this.send(inbound, card) });
  }

  async send({ channel }: ChatLocation, card: Card): Promise<SendResult> {
    const id = randomUUID();
    this.messages.set(id, card);
    return { ok: true, handle: { channel, id } };
  }

  async edit(handle: Handle, card: Card): Promise<SendResult> {
    if (handle.id === undefined || !this.messages.has(handle.id))
      return { ok: false, problem: { kind: 'gone' } };
    this.messages.set(handle.id, card);
    return { ok: true, handle };
  }

  async file(): Promise<SendResult> {
    return { ok: false, problem: { kind: 'refused', reason: 'this platform has no files' } };
  }

  async describeCommands(commands: readonly CommandDescription[], chat?: ChatLocation): Promise<SendResult> {
    if (chat === undefined) this.commands = commands;
    return { ok: true, handle: null };
  }
}
