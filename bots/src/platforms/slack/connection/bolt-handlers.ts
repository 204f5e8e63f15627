import { App, type Context, type HTTPReceiver, type SocketModeReceiver, type types } from '@slack/bolt';
import type { Logger } from 'pino';
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
import type { BotToken } from './bot-token.ts';

export interface InboundListener {
  /** Takes a delivery on, without waiting for anything. */
  take(read: (us: Identity) => InboundDelivery | undefined, isCommand: boolean): void;
  /** What completes a field, in time for Slack. */
  options(body: unknown): Promise<types.PlainTextOption[]>;
  homeOpened(user: string): void;
  tokenDied(reason: string): void;
  failed(error: unknown): void;
}

/** What every way in needs to be listened to. */
export interface HandlerOptions {
  readonly botToken: string;
  readonly apiUrl: string;
  readonly token: BotToken;
  readonly listener: InboundListener;
  readonly log: Logger;
}

/** Each delivery is acknowledged first: what it says is worked on behind that. */
export function registerHandlers(
  receiver: SocketModeReceiver | HTTPReceiver,
  { botToken, apiUrl, token, listener, log }: HandlerOptions,
): void {
  const us = token.identity;
  const app = new App({
    receiver,
    // Who may do what is decided elsewhere; here it is only known which token is ours.
    authorize: async () => ({
      botToken,
      ...(us === undefined ? {} : { teamId: us.team, botUserId: us.botUser }),
      ...(us?.botId === undefined ? {} : { botId: us.botId }),
    }),
    ignoreSelf: false,
    convoStore: false,
    logger: libraryLog(log),
    clientOptions: clientOptions(apiUrl, log),
  });
  /** A socket that broke in between cannot be told; the command counts all the same, for it never comes again. */
  const acknowledged = async (telling: Promise<void>): Promise<void> => {
    try {
      await telling;
    } catch (error) {
      listener.failed(error);
    }
  };
  app.command(/^\//u, async ({ body, ack, context }) => {
    await acknowledged(ack());
    listener.take((us) => readSlash(body, us, envelopeOf(context)), true);
  });
  // Also a press on what HQ never made: it is turned away and written down like any other.
  app.action(/(?:)/u, async ({ body, ack, context }) => {
    await acknowledged(ack());
    listener.take((us) => readPress(body, us, envelopeOf(context)), false);
  });
  app.view(formCallback, async ({ body, ack }) => {
    await acknowledged(ack());
    listener.take((us) => readSubmission(body, us), false);
  });
  app.options(fieldAction, async ({ body, ack }) => {
    await acknowledged(ack({ options: await listener.options(body) }));
  });
  const said = async ({ body, context }: { readonly body: unknown; readonly context: Context }) =>
    listener.take((us) => readMessage(body, us, envelopeOf(context)), false);
  app.event('app_mention', said);
  app.event('message', said);
  app.event('app_home_opened', async ({ body }) => {
    const user = readHomeOpened(body);
    if (user !== undefined) listener.homeOpened(user);
  });
  app.event('app_uninstalled', async () => listener.tokenDied('HQ was removed from the Slack workspace.'));
  app.event('tokens_revoked', async ({ event }) => {
    // People's own tokens may be revoked too, and are none of ours.
    if (event.tokens?.bot?.length !== 0) listener.tokenDied('The bot token was revoked in Slack.');
  });
  app.error(async (error) => listener.failed(error));
}

/** What Socket Mode wraps a delivery in has an id too. */
export function envelopeProperties({ envelope_id }: { readonly envelope_id?: string }) {
  return { envelopeId: envelope_id };
}

function envelopeOf(context: Context): string | undefined {
  const { envelopeId } = context;
  return typeof envelopeId === 'string' ? envelopeId : undefined;
}
