import {
  agentChannels,
  type PairingApproval,
  type PairingApproved,
  type PairingRequest,
} from '@hq/shared/agents';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import type { AgentsContext } from './context.ts';
import { request } from './openclaw-calls.ts';

const channel = z.enum(agentChannels);
const time = z.union([z.string(), z.number()]).transform((value) => new Date(value).toISOString());

/** OpenClaw's requests, which have no codes. */
const pending = z.object({
  requests: z.array(
    z.object({
      requestId: z.string(),
      channel: z.string(),
      accountId: z.string(),
      senderId: z.string(),
      createdAt: time,
      expiresAt: time.optional(),
    }),
  ),
});

/** Codes that HQ's plugin saw. */
const seen = z.object({
  requests: z.array(
    z.object({ channel: z.string(), account: z.string(), sender: z.string(), code: z.string() }),
  ),
});

interface Pending extends PairingRequest {
  readonly requestId: string;
}

async function pendingRequests(context: AgentsContext): Promise<readonly Pending[]> {
  const openclaw = context.openclaw();
  const { requests } = await request(openclaw, pending, { method: 'channels.pairing.list', params: {} });
  const answer = await openclaw.call({ method: 'hq.pairings', params: {} });
  // Without HQ's plugin the requests have no codes.
  const codes = answer.ok ? seen.parse(answer.payload).requests : [];
  return requests.flatMap(({ requestId, accountId, senderId, createdAt, expiresAt, ...one }) => {
    const name = channel.safeParse(one.channel);
    if (!name.success) return [];
    const code = codes.find(
      ({ channel, account, sender }) => channel === name.data && account === accountId && sender === senderId,
    );
    return {
      requestId,
      channel: name.data,
      account: accountId,
      sender: senderId,
      code: code?.code ?? null,
      createdAt,
      expiresAt: expiresAt ?? null,
    };
  });
}

/** Returns the people who wrote to an agent and wait for an approval. */
export async function listPairings(context: AgentsContext): Promise<readonly PairingRequest[]> {
  return (await pendingRequests(context)).map(({ requestId: _requestId, ...one }) => one);
}

/** Lets the person with this code write to the agent. It gives no other right. */
export async function approvePairing(
  context: AgentsContext,
  approval: PairingApproval,
): Promise<PairingApproved> {
  const code = approval.code.toUpperCase();
  const found = (await pendingRequests(context)).find(
    (one) => one.channel === approval.channel && one.code?.toUpperCase() === code,
  );
  if (found === undefined) {
    throw new HqError('not_found', `No one waits on ${approval.channel} with this code.`, {
      hint: 'A code lives for an hour. The person gets a new one by writing to the agent again.',
      field: 'code',
    });
  }
  const { channel, account: accountId, requestId, sender } = found;
  await request(context.openclaw(), z.unknown(), {
    method: 'channels.pairing.approve',
    params: { channel, accountId, requestId, notify: true, bootstrapCommandOwner: false },
  });
  return { sender, account: accountId };
}
