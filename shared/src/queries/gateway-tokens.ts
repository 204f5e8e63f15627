import { z } from 'zod';
import type { HqClient } from '../client/index.ts';
import { readAnswer } from '../client/read-answer.ts';

const issuedToken = z.object({ token: z.string(), expires_at: z.string() });
export type GatewayToken = z.output<typeof issuedToken>;

/** Issues a token with which one new host registers as a gateway. It cannot be read again. `minutes`: 5 to 60. */
export async function issueGatewayToken(
  client: HqClient,
  minutes: number,
  label: string | null,
): Promise<GatewayToken> {
  const answer = await client.ask<unknown>(
    client.supabase.rpc('issue_gateway_token', { p_label: label, p_minutes: minutes }),
  );
  return readAnswer(issuedToken, answer, client.host);
}
