import { randomUUID } from 'node:crypto';
import { eventually } from '../../db/testing/eventually.ts';
import type { Adapter, AdapterHealth, Capabilities, CommandDescription } from '../src/contract/adapter.ts';
import type { Button, Card, Handle } from '../src/contract/card.ts';
import type { Form } from '../src/contract/form.ts';
import type {
  Inbound,
  Input,
  Place,
  Platform,
  Receiver,
  Reply,
  Sent,
  Speaker,
} from '../src/contract/inbound.ts';

/** One message as somebody in the chat sees it. */
export interface Shown {
  readonly handle: Handle;
  readonly channel: string;
  readonly private: boolean;
  card: Card;
  /** What it has been, the newest last. */
  readonly history: Card[];
}

export interface Heard {
  readonly acknowledgedAfterMs: number;
  readonly form: Form | null;
  readonly isQuiet: boolean;
  readonly isPrivate: boolean;
}

/** A chat platform in memory: what people say goes in, what they see is there to be looked at. */
export class TestAdapter implements Adapter {
  readonly platform: Platform;
  readonly capabilities: Capabilities;
  readonly messages: Shown[] = [];
  readonly files: { readonly name: string; readonly text: string }[] = [];
  /** When each message or edit went out, and where. */
  readonly sentAt: { readonly at: number; readonly channel: string }[] = [];
  commands: readonly CommandDescription[] = [];
  /** What the next calls answer instead of doing anything. */
  readonly faults: Sent[] = [];
  receiver: Receiver | null = null;
  private deliveries = 0;

  constructor(platform: Platform, capabilities: Partial<Capabilities> = {}) {
    this.platform = platform;
    this.capabilities = {
      private: platform !== 'telegram',
      forms: platform !== 'telegram',
      completion: platform !== 'telegram',
      threads: true,
      files: true,
      redelivers: false,
      maxText: 2_000,
      maxButtons: 10,
      editEveryMs: 50,
      chatEveryMs: 0,
      perSecond: 10_000,
      ...capabilities,
    };
  }

  async start(receiver: Receiver): Promise<void> {
    this.receiver = receiver;
  }
  async stop(): Promise<void> {
    this.receiver = null;
  }
  health(): AdapterHealth {
    return { state: 'connected', detail: null, install: 'T1', lastInboundAt: null, lastOutboundAt: null };
  }
  async send(place: Place, card: Card): Promise<Sent> {
    return this.faults.shift() ?? this.show(place.channel, card, false);
  }
  async edit(handle: Handle, card: Card): Promise<Sent> {
    const fault = this.faults.shift();
    if (fault !== undefined) return fault;
    const shown = this.messages.find((message) => message.handle.id === handle.id);
    if (shown === undefined) return { ok: false, problem: { kind: 'gone' } };
    shown.card = card;
    shown.history.push(card);
    this.sentAt.push({ at: Date.now(), channel: shown.channel });
    return { ok: true, handle: shown.handle };
  }
  async file(_place: Place, { name, text }: { name: string; text: string; note: string }): Promise<Sent> {
    this.files.push({ name, text });
    return { ok: true, handle: null };
  }
  async describeCommands(commands: readonly CommandDescription[]): Promise<Sent> {
    this.commands = commands;
    return { ok: true, handle: null };
  }

  /** Somebody does something. Gives what they get at once; what comes later is in `messages`. */
  async hear(
    speaker: Speaker,
    input: Input,
    delivery = `${this.platform}:${this.nextDelivery()}`,
  ): Promise<Heard> {
    const inbound: Inbound = { ...speaker, delivery, input, receivedAt: Date.now() };
    const reply: Reply = {
      say: async (card, { private: only = false } = {}) =>
        this.faults.shift() ?? this.show(speaker.channel, card, only && this.capabilities.private),
    };
    const startedAt = performance.now();
    const { receiver } = this;
    if (receiver === null) throw new Error('the adapter is not started');
    const acknowledgement = await receiver.receive(inbound, reply);
    return {
      acknowledgedAfterMs: performance.now() - startedAt,
      form: acknowledgement.kind === 'form' ? acknowledgement.form : null,
      isQuiet: acknowledgement.kind === 'quiet',
      isPrivate: acknowledgement.kind === 'working' && acknowledgement.private,
    };
  }

  words(speaker: Speaker, text: string, delivery?: string): Promise<Heard> {
    return this.hear(speaker, { kind: 'words', text }, delivery);
  }

  /** Says something and waits for the message that answers it. */
  async ask(speaker: Speaker, text: string): Promise<Shown> {
    const before = this.messages.length;
    await this.words(speaker, text);
    return this.messageAfter(before);
  }

  messageAfter(count: number): Promise<Shown> {
    return eventually(() => {
      const message = this.messages[count];
      if (message === undefined) throw new Error(`there are ${this.messages.length} messages`);
      return message;
    });
  }

  press(speaker: Speaker, message: Shown, label: string, delivery?: string): Promise<Heard> {
    return this.hear(
      speaker,
      { kind: 'button', token: buttonOf(message.card, label).token, message: message.handle },
      delivery,
    );
  }

  private nextDelivery(): string {
    this.deliveries += 1;
    return `${this.deliveries}-${randomUUID()}`;
  }

  private show(channel: string, card: Card, isPrivate: boolean): Sent {
    const handle = { channel, id: randomUUID() };
    this.messages.push({ handle, channel, private: isPrivate, card, history: [card] });
    this.sentAt.push({ at: Date.now(), channel });
    return { ok: true, handle };
  }
}

export function buttonOf(card: Card, label: string): Button {
  const button = card.buttons?.find((one) => one.label === label);
  if (button === undefined) {
    throw new Error(
      `no button “${label}” among ${card.buttons?.map((one) => one.label).join(', ') ?? 'none'}`,
    );
  }
  return button;
}

/** All words of a card, as somebody reads them. */
export function textOf(card: Card): string {
  return [
    card.title,
    card.state ?? '',
    ...(card.fields ?? []).map(({ label, value }) => `${label}: ${value}`),
    (card.body ?? []).map(({ text }) => text).join(''),
    card.stamp ?? '',
    card.footer ?? '',
  ]
    .filter((part) => part !== '')
    .join('\n');
}
