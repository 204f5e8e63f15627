import type { OpenClawAnswer } from '@hq/shared/gateway';
import { z } from 'zod';
import { runOpenClaw } from './command-line.ts';

/** Method of `POST /calls` that OpenClaw's own protocol lacks. */
export const setProfileMethod = 'hq.authSetProfile';

const profile = z.object({
  provider: z.string(),
  apiKey: z.string(),
  agentId: z.string(),
  profile: z.string(),
});

/** Creates a profile with a name of its own by OpenClaw's command line, which reads the key from a pipe. */
export async function setProfile(
  params: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<OpenClawAnswer> {
  const parsed = profile.safeParse(params);
  if (!parsed.success) return { ok: false, code: 'INVALID_REQUEST', message: z.prettifyError(parsed.error) };
  const { provider, apiKey, agentId, profile: profileId } = parsed.data;
  const args = ['models', 'auth', 'paste-api-key', '--provider', provider, '--profile-id', profileId];
  const { code, reason } = await runOpenClaw([...args, '--agent', agentId], {
    env,
    input: `${apiKey}\n`,
    signal,
  });
  if (code === 0) return { ok: true, payload: { provider, profileId } };
  return { ok: false, code: `EXIT_${code}`, message: reason };
}
