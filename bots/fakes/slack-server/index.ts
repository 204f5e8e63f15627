/**
 * A Slack workspace on loopback that speaks Slack's wire: the Web API, Socket Mode, signed HTTP deliveries, response
 * URLs and uploads. It is strict: tokens, scopes, Block Kit shapes and every documented limit are checked, and what
 * Slack would refuse is refused with Slack's error.
 *
 *     const slack = await startSlackServer();
 *     const ann = slack.server.workspace.user('ann');
 *     const ops = slack.server.workspace.channel('ops', [ann]);
 *     // … point the adapter at slack.env …
 *     const receipt = await slack.acts.slash(ann, ops, 'status');
 *     const card = slack.server.workspace.standing(ops.id, ann.id).at(-1);
 *     slack.server.workspace.shown(card).text;
 *     await slack.acts.press(ann, card, 'Restart');
 */

import { SlackServer } from './slack-server.ts';
import { UserActions } from './user-actions.ts';

export interface RunningSlack {
  readonly server: SlackServer;
  readonly actions: UserActions;
  /** What the adapter is configured with, for Socket Mode. */
  readonly env: Readonly<Record<'SLACK_BOT_TOKEN' | 'SLACK_APP_TOKEN' | 'SLACK_API_URL', string>>;
  stop(): Promise<void>;
}

export async function startSlackServer(options: { readonly port?: number } = {}): Promise<RunningSlack> {
  const server = new SlackServer();
  await server.listen(options.port ?? 0);
  return {
    server,
    actions: new UserActions(server),
    env: {
      SLACK_BOT_TOKEN: server.botToken,
      SLACK_APP_TOKEN: server.appToken,
      SLACK_API_URL: server.apiUrl,
    },
    stop: () => server.close(),
  };
}

export type { SlackChannel, SlackMessage, SlackUser } from './workspace.ts';
