import type { Inbound, Sender } from '../../../contract/inbound.ts';

/** HQ's own account in the workspace. */
export interface Identity {
  readonly team: string;
  readonly botUser: string;
  readonly botId: string | undefined;
  /** Known after the hello of a socket; unknown over HTTP, where the signature proves it. */
  readonly appId: string | undefined;
}

interface Origin {
  readonly team: string | undefined;
  /** The workspace of the user, if Slack sends it. */
  readonly userTeam?: string | undefined;
  readonly appId: string | undefined;
  readonly channel: string;
  readonly thread?: string | undefined;
  readonly user: string;
}

/**
 * Keeps the id of another workspace, so that the core refuses the delivery. A delivery without one belongs to the
 * bot's workspace, because it came over a connection of the bot's tokens.
 */
export function toSender(us: Identity, origin: Origin): Sender {
  const { userTeam, appId, channel, thread = null, user } = origin;
  const install = origin.team ?? us.team;
  const isOutsider =
    install !== us.team ||
    (userTeam !== undefined && userTeam !== us.team) ||
    (appId !== undefined && us.appId !== undefined && appId !== us.appId);
  return {
    platform: 'slack',
    install,
    channel,
    kind: channel.startsWith('D') ? 'direct' : 'group',
    thread,
    user,
    ...(isOutsider && { stranger: 'outsider' as const }),
  };
}

export function toInbound(sender: Sender, deliveryId: string, input: Inbound['input']): Inbound {
  return { ...sender, deliveryId, input, receivedAt: Date.now() };
}
