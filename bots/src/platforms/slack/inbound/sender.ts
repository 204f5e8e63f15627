import type { Inbound, Sender } from '../../../contract/inbound.ts';

/** HQ's own account in the workspace. */
export interface Identity {
  /** The enterprise itself where the app is installed for all its workspaces. */
  readonly team: string;
  /** The enterprise of the workspace; undefined outside of Enterprise Grid. */
  readonly enterprise: string | undefined;
  readonly botUser: string;
  readonly botId: string | undefined;
  /** Known after the hello of a socket; unknown over HTTP, where the signature proves it. */
  readonly appId: string | undefined;
}

interface Origin {
  readonly team: string | undefined;
  /** The workspace of the user, if Slack sends it. */
  readonly userTeam?: string | undefined;
  /** The enterprise of the user; undefined if Slack does not prove it. */
  readonly enterprise?: string | undefined;
  readonly appId: string | undefined;
  readonly channel: string;
  readonly thread?: string | undefined;
  readonly user: string;
}

/**
 * Keeps the id of another workspace, so that the core refuses the delivery. A delivery without one belongs to the
 * bot's workspace, because it came over a connection of the bot's tokens. All workspaces of one enterprise count as the
 * bot's: a user and a channel have one id in all of them, and the link of the user decides.
 */
export function toSender(us: Identity, origin: Origin): Sender {
  const { team = us.team, userTeam = us.team, enterprise, appId, channel, thread = null, user } = origin;
  const isOurs = (id: string): boolean =>
    id === us.team || (us.enterprise !== undefined && [id, enterprise].includes(us.enterprise));
  const install = isOurs(team) ? us.team : team;
  const isOutsider =
    !isOurs(team) ||
    !isOurs(userTeam) ||
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
