/** What passes between the core and an adapter in its isolate: plain data only. */
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

/** What `send`, `edit`, `file`, `describeCommands` and `say` ask for; each is answered by `sent` with its id. */
export type OutboundCall =
  | { readonly what: 'send'; readonly location: ChatLocation; readonly card: Card }
  | { readonly what: 'edit'; readonly handle: Handle; readonly card: Card }
  | {
      readonly what: 'file';
      readonly location: ChatLocation;
      readonly file: { readonly name: string; readonly text: string; readonly note: string };
    }
  | { readonly what: 'describe'; readonly commands: readonly CommandDescription[] }
  /** `heard` is the id of the delivery that it answers. */
  | { readonly what: 'say'; readonly heard: number; readonly card: Card; readonly private: boolean };

export type ToWorker =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'out'; readonly id: number; readonly out: OutboundCall }
  | { readonly kind: 'acknowledge'; readonly id: number; readonly acknowledgement: Acknowledgement }
  | { readonly kind: 'completed'; readonly id: number; readonly choices: readonly Choice[] };

export type FromWorker =
  | { readonly kind: 'ready'; readonly capabilities: Capabilities }
  | { readonly kind: 'started' }
  /** Trying again is useless: the adapter has said so. */
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string | null }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'health'; readonly health: AdapterHealth }
  | { readonly kind: 'heard'; readonly id: number; readonly inbound: Inbound }
  | {
      readonly kind: 'complete';
      readonly id: number;
      readonly sender: Sender;
      readonly request: Parameters<Receiver['complete']>[1];
    }
  | { readonly kind: 'sent'; readonly id: number; readonly sent: SendResult };
