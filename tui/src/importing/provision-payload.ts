import { catalogue } from '@hq/shared/actions';
import type { HomeAgent } from '../openclaw-home/read-home.ts';

/** Returns the payload of `provision` for an agent of a home; `importId` names its files at the gateway. */
export function provisionPayload(
  agent: HomeAgent,
  slug: string,
  importId: string,
  isWithoutChannels: boolean,
): Record<string, unknown> {
  const account = isWithoutChannels ? null : agent.channels.account;
  const fields = {
    ...{ slug, name: agent.name, emoji: agent.emoji, import_id: importId },
    ...{ model: agent.model, thinking: agent.thinking, description: agent.description?.slice(0, 2000) },
    ...{ channel: account?.channel ?? 'none', discord_server_id: account?.serverId },
    allow_from: account === null || account.allowFrom.length === 0 ? null : [...account.allowFrom],
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

const anyId = '00000000-0000-4000-8000-000000000000';

/** Returns the reason why HQ would refuse the agent; null where it would not. */
export function payloadFault(agent: HomeAgent, slug: string, isWithoutChannels: boolean): string | null {
  const payload = provisionPayload(agent, slug, anyId, isWithoutChannels);
  const [issue] = catalogue.provision.payload.safeParse(payload).error?.issues ?? [];
  return issue === undefined ? null : `its ${issue.path.join('.')} cannot be used: ${issue.message}`;
}
