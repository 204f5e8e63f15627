import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import type { Handler, HandlerContext } from '../handler.ts';
import { agentList, type OpenClawCall, payloadOf, slugOfWorkspace } from '../openclaw-call.ts';

const settings = z.object({
  hash: z.string(),
  config: z.object({
    models: z.object({ providers: z.record(z.string(), z.unknown()).default({}) }).optional(),
  }),
});

/** Former names of providers in OpenClaw. */
const aliases: Readonly<Record<string, string>> = {
  'openai-codex': 'openai',
  'google-gemini-cli': 'google',
};

export const authSetApiKey: Handler<'auth_set_api_key'> = async (payload, context) => {
  const { secret, base_url: baseUrl, profile_name: profileName } = payload;
  const provider = aliases[payload.provider] ?? payload.provider;
  const { value, agentSlug } = await context.openSecret(secret, context.signal);
  const [listed] = await call(context, [{ method: 'agents.list' }]);
  const agents = agentList
    .parse(listed)
    .agents.filter(({ workspace }) => agentSlug === null || slugOfWorkspace(workspace) === agentSlug);
  if (agents.length === 0) {
    throw new HqError('conflict', 'OpenClaw has no agent for this key.', {
      hint: 'Provision the agent first.',
    });
  }
  const [read] = await call(context, [{ method: 'config.get' }]);
  const { config } = settings.parse(read);
  const isShared = baseUrl !== undefined || config.models?.providers[provider] !== undefined;
  if (isShared && profileName === undefined) {
    // OpenClaw keeps one key for a provider with settings of its own, and refuses it while an agent has another key.
    if (agentSlug !== null) {
      throw new HqError('conflict', `OpenClaw keeps one key of ${provider} for all agents.`, {
        hint: 'It does so for a provider that has an address of its own. Use a secret of the gateway.',
        field: 'secret',
      });
    }
    await call(
      context,
      agents.map(({ id }) => ({
        method: 'models.authLogout',
        params: { provider, credentialType: 'api_key', agentId: id },
      })),
    );
  }
  // Comes before the key: no agent may send the new key to the old address.
  if (baseUrl !== undefined) {
    const raw = JSON.stringify({ models: { providers: { [provider]: { baseUrl } } } });
    const [current] = await call(context, [{ method: 'config.get' }]);
    const params = { raw, baseHash: settings.parse(current).hash };
    await call(context, [{ method: 'config.patch', params }]);
    context.output.line(`requests to ${provider} go to ${new URL(baseUrl).host}`);
  }
  const targets = isShared && profileName === undefined ? agents.slice(0, 1) : agents;
  for (const [index, { id }] of targets.entries()) {
    const params = { provider, apiKey: value, agentId: id };
    const profile = `${provider}:${profileName}`;
    await call(
      context,
      profileName === undefined
        ? [{ method: 'models.authSetApiKey', params }]
        : [
            { method: 'hq.authSetProfile', params: { ...params, profile } },
            { method: 'models.authStatus', params: { agentId: id, refresh: true } },
          ],
    );
    context.progress(Math.round((100 * (index + 1)) / targets.length), id);
  }
  context.output.line(
    `stored the key of ${provider} in OpenClaw for ${agents.map(({ id }) => id).join(', ')}`,
  );
  return { provider, agents: agents.length };
};

async function call({ stack, signal }: HandlerContext, calls: readonly OpenClawCall[]) {
  return (await stack.gateway.calls(calls, signal)).map(payloadOf);
}
