import { type AgentChannelSpec, channelTokenKeys } from '@hq/shared/agents';

/** Values of an agent's secrets, by key. */
export type AgentSecrets = ReadonlyMap<string, string>;

/** Secrets that are tokens of a channel. */
export const channelKeys: ReadonlySet<string> = new Set(
  Object.values(channelTokenKeys).flatMap(({ botToken, appToken }) => [
    botToken,
    ...(appToken === undefined ? [] : [appToken]),
  ]),
);

/** Returns the channel with those of its tokens that are among the secrets; the gateway names what is missing. */
export function withTokens(channel: AgentChannelSpec, secrets: AgentSecrets): AgentChannelSpec {
  const { botToken: botKey, appToken: appKey } = channelTokenKeys[channel.name];
  const botToken = secrets.get(botKey);
  const appToken = appKey === undefined ? undefined : secrets.get(appKey);
  return {
    ...channel,
    tokens: {
      ...(botToken === undefined ? {} : { botToken }),
      ...(appToken === undefined ? {} : { appToken }),
    },
  };
}
