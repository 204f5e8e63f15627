import type { AdapterHealth, Capabilities, CommandDescription } from '../contract/adapter.ts';
import type { Card, Handle } from '../contract/card.ts';
import type { Choice } from '../contract/choice.ts';
import type {
  Acknowledgement,
  ChatLocation,
  Inbound,
  Receiver,
  Sender,
  SendResult,
} from '../contract/inbound.ts';

/** Functions of an adapter's worker that the core calls. Arguments and results are plain data. */
export interface WorkerFunctions {
  /** Null when started; a refusal if another try is useless. */
  start(): Promise<StartRefusal | null>;
  stop(): Promise<void>;
  send(location: ChatLocation, card: Card): Promise<SendResult>;
  edit(handle: Handle, card: Card): Promise<SendResult>;
  file(
    location: ChatLocation,
    file: { readonly name: string; readonly text: string; readonly note: string },
  ): Promise<SendResult>;
  describeCommands(commands: readonly CommandDescription[]): Promise<SendResult>;
  /** Answers the delivery with this number. */
  reply(delivery: number, card: Card, isPrivate: boolean): Promise<SendResult>;
}

/** An `HqError` as it crosses the thread border, where errors lose their class. */
interface StartRefusal {
  readonly message: string;
  readonly hint: string | null;
}

/** Functions of the core that an adapter's worker calls. */
export interface CoreFunctions {
  /** The worker has loaded its platform. */
  ready(capabilities: Capabilities): void;
  health(health: AdapterHealth): void;
  /** `delivery` is a number for `WorkerFunctions.reply`. */
  receive(delivery: number, inbound: Inbound): Promise<Acknowledgement>;
  complete(sender: Sender, request: Parameters<Receiver['complete']>[1]): Promise<readonly Choice[]>;
}
