import type { Adapter, Capabilities, ConnectionHealth } from '../contract/adapter.ts';
import type { Card } from '../contract/card.ts';
import type { Acknowledgement, Inbound, Receiver, ReplyOptions, SendResult } from '../contract/inbound.ts';

/** Functions of an adapter's worker that the core calls. Arguments and results are plain data. */
export interface WorkerFunctions
  extends Pick<Adapter, 'stop' | 'send' | 'edit' | 'file' | 'describeCommands'> {
  start(): Promise<void>;
  /** Answers the delivery with this number. */
  reply(delivery: number, card: Card, options: ReplyOptions): Promise<SendResult>;
}

/** Functions of the core that an adapter's worker calls. */
export interface CoreFunctions extends Pick<Receiver, 'complete'> {
  /** The worker has loaded its platform. */
  ready(capabilities: Capabilities): void;
  health(health: ConnectionHealth): void;
  /** `delivery` is a number for `WorkerFunctions.reply`. */
  receive(delivery: number, inbound: Inbound): Promise<Acknowledgement>;
}
