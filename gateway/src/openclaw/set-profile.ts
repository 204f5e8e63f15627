import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { OpenClawAnswer } from '@hq/shared/gateway';
import { z } from 'zod';
import { findOpenClaw } from './package.ts';

/** Method of `POST /calls` that OpenClaw's own protocol lacks. */
export const setProfileMethod = 'hq.authSetProfile';

const profile = z.object({
  provider: z.string(),
  apiKey: z.string(),
  agentId: z.string(),
  profile: z.string(),
});
const longestReason = 2_000;

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
  const cli = spawn(process.execPath, [findOpenClaw().program, ...args, '--agent', agentId], {
    env,
    stdio: ['pipe', 'ignore', 'pipe'],
    signal,
  });
  const ended = once(cli, 'close');
  let reason = '';
  cli.stderr.on('data', (bytes: Buffer) => {
    reason = `${reason}${bytes.toString()}`.slice(-longestReason);
  });
  // A process that ended before it read the key wrote the reason to stderr.
  cli.stdin.on('error', () => cli.stdin.destroy());
  cli.stdin.end(`${apiKey}\n`);
  const [code] = await ended;
  if (code === 0) return { ok: true, payload: { provider, profileId } };
  return { ok: false, code: `EXIT_${code}`, message: reason.trim().split('\n').at(-1) ?? '' };
}
