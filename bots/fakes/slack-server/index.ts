/**
 * A Slack workspace on loopback with Slack's protocols: the Web API, Socket Mode, signed HTTP deliveries, response
 * URLs and uploads. It is strict: it checks tokens, scopes, Block Kit schemas and every documented limit, and refuses
 * with Slack's errors.
 *
 *     const slack = await startSlackServer();
 *     const ann = slack.server.workspace.user('ann');
 *     const ops = slack.server.workspace.channel('ops', [ann]);
 *     // … point the adapter at slack.env …
 *     const receipt = await slack.actions.slash(ann, ops, 'status');
 *     const card = slack.server.workspace.visibleMessages(ops.id, ann.id).at(-1);
 *     slack.server.workspace.render(card).text;
 *     await slack.actions.press(ann, card, 'Restart');
 */

import { SlackServer } from './slack-server.ts';
import { UserActions } from './user-actions.ts';

export interface RunningSlack {
  readonly server: SlackServer;
  readonly actions: UserActions;
  /** The configuration of the adapter for Socket Mode. */
  readonly env: Readonly<Record<'SLACK_BOT_TOKEN' | 'SLACK_APP_TOKEN' | 'SLACK_API_URL', string>>;
  stop(): Promise<void>;
}

export async function startSlackServer(
  options: { readonly port?: number; readonly enterprise?: string } = {},
): Promise<RunningSlack> {
  const server = new SlackServer();
  server.workspace.enterprise = options.enterprise ?? null;
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

export type { DeliveryOverrides } from './user-actions.ts';
export type { SlackChannel, SlackMessage, SlackUser } from './workspace.ts';
