import { randomUUID } from 'node:crypto';
import { eventually } from '../../db/testing/eventually.ts';
import type {
  Adapter,
  AdapterHealth,
  Capabilities,
  CommandDescription,
  TextFile,
} from '../src/contract/adapter.ts';
import type { Button, Card, Handle } from '../src/contract/card.ts';
import type { Form, FormErrors } from '../src/contract/form.ts';
import type {
  ChatLocation,
  Inbound,
  Input,
  Platform,
  Receiver,
  Reply,
  Sender,
  SendResult,
} from '../src/contract/inbound.ts';

/** A message as the users of the chat see it. */
export interface ShownMessage {
  readonly handle: Handle;
  readonly channel: string;
  readonly private: boolean;
  card: Card;
  /** Its earlier cards, the newest last. */
  readonly history: Card[];
}

export interface Receipt {
  readonly acknowledgedAfterMs: number;
  readonly form: Form | null;
  readonly errors: FormErrors | null;
  readonly isQuiet: boolean;
  readonly isPrivate: boolean;
}

/** A chat platform in memory. Tests deliver the users’ input and read the messages. */
export class TestAdapter implements Adapter {
  readonly platform: Platform;
  readonly capabilities: Capabilities;
  readonly messages: ShownMessage[] = [];
  readonly files: { readonly name: string; readonly text: string }[] = [];
  /** The time and channel of each message and edit. */
  readonly sentAt: { readonly at: number; readonly channel: string }[] = [];
  commands: readonly CommandDescription[] = [];
  /** Results of the next calls, of one channel or of any, which then do nothing. */
  readonly faults: (SendResult & { readonly channel?: string })[] = [];
  receiver: Receiver | null = null;
  private deliveries = 0;

  constructor(platform: Platform, capabilities: Partial<Capabilities> = {}) {
    this.platform = platform;
    this.capabilities = {
      private: platform !== 'telegram',
      forms: platform !== 'telegram',
      formErrors: platform === 'slack',
      commands: { prefix: '/hq', ...(platform === 'slack' && { inThread: '@HQ' }) },
      completion: platform !== 'telegram',
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
  async send(location: ChatLocation, card: Card): Promise<SendResult> {
    return this.takeFault(location.channel) ?? this.show(location.channel, card, false);
  }
  async edit(handle: Handle, card: Card): Promise<SendResult> {
    const shown = this.messages.find((message) => message.handle.id === handle.id);
    const fault = this.takeFault(shown?.channel);
    if (fault !== undefined) return fault;
    if (shown === undefined) return { ok: false, problem: { kind: 'gone' } };
    shown.card = card;
    shown.history.push(card);
    this.sentAt.push({ at: Date.now(), channel: shown.channel });
    return { ok: true, handle: shown.handle };
  }
  async file(_location: ChatLocation, { name, text }: TextFile): Promise<SendResult> {
    this.files.push({ name, text });
    return { ok: true, handle: null };
  }
  async describeCommands(commands: readonly CommandDescription[], chat?: ChatLocation): Promise<SendResult> {
    if (chat === undefined) this.commands = commands;
    return { ok: true, handle: null };
  }

  private takeFault(channel: string | undefined): SendResult | undefined {
    const at = this.faults.findIndex(({ channel: only = channel }) => only === channel);
    return at === -1 ? undefined : this.faults.splice(at, 1)[0];
  }

  /** Delivers a user’s input and returns the acknowledgement; later answers are in `messages`. */
  async deliver(
    sender: Sender,
    input: Input,
    deliveryId = `${this.platform}:${this.nextDelivery()}`,
  ): Promise<Receipt> {
    const inbound: Inbound = { ...sender, deliveryId, input, receivedAt: Date.now() };
    const reply: Reply = {
      send: async (card, { private: only = false } = {}) =>
        this.takeFault(sender.channel) ?? this.show(sender.channel, card, only && this.capabilities.private),
    };
    const startedAt = performance.now();
    const { receiver } = this;
    if (receiver === null) throw new Error('the adapter is not started');
    const acknowledgement = await receiver.receive(inbound, reply);
    return {
      acknowledgedAfterMs: performance.now() - startedAt,
      form: acknowledgement.kind === 'form' ? acknowledgement.form : null,
      errors: acknowledgement.kind === 'errors' ? acknowledgement.errors : null,
      isQuiet: acknowledgement.kind === 'quiet',
      isPrivate: acknowledgement.kind === 'working' && acknowledgement.private,
    };
  }

  words(sender: Sender, text: string, delivery?: string): Promise<Receipt> {
    return this.deliver(sender, { kind: 'words', text }, delivery);
  }

  /** Sends words and waits for the message that answers them. */
  async ask(sender: Sender, text: string): Promise<ShownMessage> {
    const before = this.messages.length;
    await this.words(sender, text);
    return this.messageAfter(before);
  }

  messageAfter(count: number): Promise<ShownMessage> {
    return eventually(() => {
      const message = this.messages[count];
      if (message === undefined) throw new Error(`there are ${this.messages.length} messages`);
      return message;
    });
  }

  press(sender: Sender, message: ShownMessage, label: string, delivery?: string): Promise<Receipt> {
    return this.deliver(
      sender,
      { kind: 'button', token: buttonOf(message.card, label).token, message: message.handle },
      delivery,
    );
  }

  private nextDelivery(): string {
    this.deliveries += 1;
    return `${this.deliveries}-${randomUUID()}`;
  }

  private show(channel: string, card: Card, isPrivate: boolean): SendResult {
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

/** The text of a card, as users read it. */
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
