import { z } from 'zod';
import { agentChannels } from './agent-spec.ts';

/** A line of progress while the gateway works. */
export const agentProgress = z.object({
  progress: z.string(),
  percent: z.number().min(0).max(100).optional(),
});
export type AgentProgress = z.output<typeof agentProgress>;

/** Result of `PUT /agents`. */
export const agentsApplied = z.object({
  /** Slugs of the agents that were changed. */
  applied: z.array(z.string()),
  unchanged: z.array(z.string()),
  /** Slugs of the agents that have no credential yet: they run without HQ's tools. */
  needCredential: z.array(z.string()),
  /** Ids of OpenClaw's agents that HQ did not make. */
  unexpected: z.array(z.string()),
  problems: z.array(z.object({ slug: z.string(), message: z.string() })),
});
export type AgentsApplied = z.output<typeof agentsApplied>;

/** Result of `DELETE /agents/<slug>`: the branch that keeps the agent's files; null where it had none. */
export const agentRemoved = z.object({ archived: z.string().nullable() });
export type AgentRemoved = z.output<typeof agentRemoved>;

/** Result of pause and resume. `waitsFor` says why the channel's setting is changed later; it is stopped at once. */
export const agentSwitched = z.object({ abortedTurns: z.number().int(), waitsFor: z.string().nullable() });
export type AgentSwitched = z.output<typeof agentSwitched>;

/** Result of `POST /agents/<slug>/sessions/reset`. */
export const sessionReset = z.object({ sessionKey: z.string() });
export type SessionReset = z.output<typeof sessionReset>;

const time = z.iso.datetime();

/** Body of `POST /agents/<slug>/sessions/read`. */
export const sessionToRead = z.object({
  /** The session that changed last, by default. */
  sessionKey: z.string().max(500).nullish(),
  /** Number of the newest messages. */
  last: z.int().min(1).max(200),
});
export type SessionToRead = z.output<typeof sessionToRead>;

/** Messages of a session, oldest first. */
export const sessionTranscript = z.object({
  sessionKey: z.string(),
  messages: z.array(
    z.object({
      role: z.enum(['user', 'agent', 'tool', 'system']),
      at: time.nullable(),
      /** Without what the model thought; long ones are cut. */
      text: z.string(),
      /** Tools that the message calls, or the one that it answers. */
      tools: z.array(z.string()),
    }),
  ),
  hasOlder: z.boolean(),
  /** Keys of the agent's sessions, the one that changed last first. */
  sessions: z.array(z.string()),
});
export type SessionTranscript = z.output<typeof sessionTranscript>;

/** A person who wrote to an agent and waits for an approval. */
const pairingRequest = z.object({
  channel: z.enum(agentChannels),
  /** OpenClaw's id of the agent. */
  account: z.string(),
  sender: z.string(),
  /** Null where the gateway was restarted after the person got the code. */
  code: z.string().nullable(),
  createdAt: time,
  expiresAt: time.nullable(),
});
export type PairingRequest = z.output<typeof pairingRequest>;

export const pairingRequests = z.object({ requests: z.array(pairingRequest) });

/** Body of `POST /pairings/approve`. */
export const pairingApproval = z.object({
  channel: z.enum(agentChannels),
  code: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .max(100),
});
export type PairingApproval = z.output<typeof pairingApproval>;

export const pairingApproved = z.object({ sender: z.string(), account: z.string() });
export type PairingApproved = z.output<typeof pairingApproved>;
