import { App, type Context, type HTTPReceiver, type SocketModeReceiver, type types } from '@slack/bolt';
import type { Logger } from 'pino';
import type { FormErrors } from '../../../contract/form.ts';
import { readSubmission } from '../inbound/form-submission.ts';
import {
  type InboundDelivery,
  readHomeOpened,
  readMessage,
  readPress,
  readSlash,
} from '../inbound/inbound.ts';
import type { Identity } from '../inbound/sender.ts';
import { libraryLog } from '../library-log.ts';
import { clientOptions } from '../outbound/web-client.ts';
import { fieldAction, formCallback } from '../render/forms.ts';

export interface InboundListener {
  /** Starts to handle a delivery, without waiting. */
  onDelivery(read: (identity: Identity) => InboundDelivery | undefined, isCommand: boolean): void;
  /** Returns within Slack's time limit the errors that the form shows; null closes it. */
  onSubmission(read: (identity: Identity) => InboundDelivery | undefined): Promise<FormErrors | null>;
  /** Returns the options of a field within Slack's time limit. */
  complete(body: unknown): Promise<types.PlainTextOption[]>;
  onHomeOpened(user: string): void;
  onRevoked(reason: string): void;
  onError(error: unknown): void;
}

export interface HandlerOptions {
  readonly botToken: string;
  readonly apiUrl: string;
  readonly identity: Identity;
  readonly listener: InboundListener;
  readonly log: Logger;
}

/** Registers handlers that acknowledge each delivery before HQ handles it. */
export function registerHandlers(
  receiver: SocketModeReceiver | HTTPReceiver,
  { botToken, apiUrl, identity, listener, log }: HandlerOptions,
): void {
  const app = new App({
    receiver,
    // The core authorizes people; this names the token alone.
    authorize: async () => ({
      botToken,
      teamId: identity.team,
      botUserId: identity.botUser,
      ...(identity.botId !== undefined && { botId: identity.botId }),
    }),
    ignoreSelf: false,
    convoStore: false,
    logger: libraryLog(log),
    clientOptions: clientOptions(apiUrl, log),
  });
  /** A lost acknowledgement is logged only: Slack never redelivers a command. */
  const acknowledged = (ack: Promise<void>): Promise<void> =>
    ack.catch((error: unknown) => listener.onError(error));
  app.command(/^\//u, async ({ body, ack, context }) => {
    await acknowledged(ack());
    listener.onDelivery((us) => readSlash(body, us, envelopeOf(context)), true);
  });
  // Matches unknown buttons too: the core refuses and records them.
  app.action(/(?:)/u, async ({ body, ack, context }) => {
    await acknowledged(ack());
    listener.onDelivery((us) => readPress(body, us, envelopeOf(context)), false);
  });
  app.view(formCallback, async ({ body, ack }) => {
    const errors = await listener.onSubmission((us) => readSubmission(body, us));
    await acknowledged(errors === null ? ack() : ack({ response_action: 'errors', errors: { ...errors } }));
  });
  app.options(fieldAction, async ({ body, ack }) => {
    await acknowledged(ack({ options: await listener.complete(body) }));
  });
  const onMessage = async ({ body, context }: { readonly body: unknown; readonly context: Context }) =>
    listener.onDelivery((us) => readMessage(body, us, envelopeOf(context)), false);
  app.event('app_mention', onMessage);
  app.event('message', onMessage);
  app.event('app_home_opened', async ({ body }) => {
    const user = readHomeOpened(body);
    if (user !== undefined) listener.onHomeOpened(user);
  });
  app.event('app_uninstalled', async () => listener.onRevoked('HQ was removed from the Slack workspace.'));
  app.event('tokens_revoked', async ({ event }) => {
    // The event also reports tokens of users, which HQ does not have.
    if (event.tokens?.bot?.length !== 0) listener.onRevoked('The bot token was revoked in Slack.');
  });
  app.error(async (error) => listener.onError(error));
}

/** Passes the id of a Socket Mode envelope on to the handlers. */
export function envelopeProperties({ envelope_id }: { readonly envelope_id?: string }) {
  return { envelopeId: envelope_id };
}

function envelopeOf({ envelopeId }: Context): string | undefined {
  return typeof envelopeId === 'string' ? envelopeId : undefined;
}
