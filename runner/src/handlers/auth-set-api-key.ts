import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import type { Handler, HandlerContext } from '../handler.ts';
import type { OpenClawAnswer, OpenClawCall } from '../openclaw-call.ts';
import { slugOfWorkspace } from '../secrets/provider-keys.ts';

const agentList = z.object({
  agents: z.array(z.object({ id: z.string(), workspace: z.string().optional() })),
});
const config = z.object({ hash: z.string() });

/** Names that OpenClaw had for the sign-ins of providers. */
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
    throw new HqError('conflict', 'OpenClaw has no agent that this key is for.', {
      hint: 'Provision the agent first.',
    });
  }
  // Before the key: no request of an agent may take the new key to the old address.
  if (baseUrl !== undefined) await setAddress(provider, baseUrl, context);
  let done = 0;
  for (const { id } of agents) {
    const params = { provider, apiKey: value, agentId: id };
    const profile = `${provider}:${profileName}`;
    await call(
      context,
      profileName === undefined
        ? [{ method: 'models.authSetApiKey', params }]
        : [{ method: 'hq.authSetProfile', params: { ...params, profile } }, { method: 'secrets.reload' }],
    );
    done += 1;
    context.output.line(`${id} has the key of ${provider}`);
    context.progress(Math.round((100 * done) / agents.length), id);
  }
  return { provider, agents: done };
};

/** Only the provider's address: what models it has, and which one is the default, stays as it is. */
async function setAddress(provider: string, baseUrl: string, context: HandlerContext): Promise<void> {
  const [current] = await call(context, [{ method: 'config.get' }]);
  const raw = JSON.stringify({ models: { providers: { [provider]: { baseUrl } } } });
  await call(context, [{ method: 'config.patch', params: { raw, baseHash: config.parse(current).hash } }]);
  context.output.line(`${provider} is asked at ${new URL(baseUrl).host}`);
}

async function call({ stack, signal }: HandlerContext, calls: readonly OpenClawCall[]) {
  const answers = await stack.callOpenClaw(calls, signal);
  return answers.map((answer: OpenClawAnswer) => {
    if (answer.ok) return answer.payload;
    throw new HqError('failed', `OpenClaw refused it: ${answer.message}`);
  });
}
