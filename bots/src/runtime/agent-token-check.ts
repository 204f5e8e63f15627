import type { HqClient } from '@hq/shared/client';
import { z } from 'zod';

const reported = z.array(
  z.object({
    slug: z.string(),
    meta: z
      .object({
        secrets: z
          .object({ channel_tokens: z.array(z.string()).optional() })
          .optional()
          .catch(undefined),
      })
      .catch({}),
  }),
);

/**
 * The gateways whose agents use a token with one of these fingerprints, by fingerprint. A token has one consumer: with two,
 * each gets a part of what is said. Runners report the sha256 of their agents' channel tokens, never a token.
 */
export async function readAgentTokens(client: HqClient): Promise<ReadonlyMap<string, string>> {
  const gateways = reported.parse(
    await client.ask<unknown>(client.supabase.from('gateways').select('slug,meta').limit(1000)),
  );
  return new Map(
    gateways.flatMap(({ slug, meta }) =>
      (meta.secrets?.channel_tokens ?? []).map((fingerprint) => [fingerprint, slug]),
    ),
  );
}

/** Why none of these tokens may be used, or null. */
export function agentTokenConflict(
  fingerprints: readonly string[],
  tokens: ReadonlyMap<string, string>,
): string | null {
  const gateway = fingerprints.map((one) => tokens.get(one)).find((one) => one !== undefined);
  if (gateway === undefined) return null;
  return `An agent on ${gateway} uses this token as its own channel; HQ needs a bot of its own.`;
}
