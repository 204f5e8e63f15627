import type { Sender } from '../../../contract/inbound.ts';

/** Who we are in the workspace, as Slack tells it. */
export interface Identity {
  readonly team: string;
  readonly botUser: string;
  readonly botId: string | undefined;
  /** Known once the socket said hello; never known over HTTP, where the signature proves it. */
  readonly appId: string | undefined;
}

/** What a delivery tells of where it comes from. */
interface Whereabouts {
  readonly team: string | undefined;
  /** The workspace the person belongs to, where Slack tells it. */
  readonly userTeam: string | undefined;
  readonly appId: string | undefined;
  readonly channel: string;
  readonly thread: string | undefined;
  readonly user: string;
  readonly userName: string | undefined;
}

/**
 * A delivery of another workspace or for another app keeps its own workspace's id, so that it is refused for what it
 * is. One that names no workspace came over our own connection, and that was made with our tokens.
 */
export function senderOf(us: Identity, given: Whereabouts): Sender {
  const install = given.team ?? us.team;
  const isOutsider =
    install !== us.team ||
    (given.userTeam !== undefined && given.userTeam !== us.team) ||
    (given.appId !== undefined && us.appId !== undefined && given.appId !== us.appId);
  return {
    platform: 'slack',
    install,
    channel: given.channel,
    kind: given.channel.startsWith('D') ? 'direct' : 'group',
    thread: given.thread ?? null,
    user: given.user,
    ...(given.userName === undefined ? {} : { userName: given.userName }),
    ...(isOutsider ? { stranger: 'outsider' as const } : {}),
  };
}
