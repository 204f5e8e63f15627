import { z } from 'zod';
import type { HqClient } from '../client/index.ts';
import { readAnswer } from '../client/read-answer.ts';
import { type ChatLinkRow, chatLinkRow } from '../rows/index.ts';

const issuedCode = z.object({ code: z.string(), expires_at: z.string() });
export type ChatCode = z.output<typeof issuedCode>;

/** Issues a code that links the chat account that sends it to this member. The code cannot be read again. */
export async function issueChatCode(client: HqClient): Promise<ChatCode> {
  return readAnswer(
    issuedCode,
    await client.ask<unknown>(client.supabase.rpc('issue_chat_code')),
    client.host,
  );
}

const revoked = z.object({ identity: chatLinkRow });

/** Revokes a link: its account can no longer act for a member. */
export async function revokeChatLink(client: HqClient, id: string): Promise<ChatLinkRow> {
  const answer = await client.askAgain<unknown>(() =>
    client.supabase.rpc('revoke_chat_identity', { p_id: id }),
  );
  return readAnswer(revoked, answer, client.host).identity;
}
