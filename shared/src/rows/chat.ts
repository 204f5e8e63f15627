import { z } from 'zod';
import { chatPlatformNames } from '../chat/platforms.ts';

const platform = z.enum(chatPlatformNames);

/** An account of a platform, linked to the member who acts through it. */
export const chatLinkRow = z.object({
  id: z.string(),
  user_id: z.string(),
  platform,
  /** Empty if the platform's user ids are the same in all of its installations. */
  install: z.string(),
  chat_user: z.string(),
  last_seen_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
  created_at: z.string(),
});
export type ChatLinkRow = z.output<typeof chatLinkRow>;

/** A channel in which HQ works, with the highest role that anybody has there. */
export const chatChannelRow = z.object({
  id: z.string(),
  platform,
  install: z.string(),
  channel: z.string(),
  ceiling: z.string(),
  gateway_id: z.string().nullable(),
  agent_id: z.string().nullable(),
  bound_by: z.string().nullable(),
  created_at: z.string(),
});
export type ChatChannelRow = z.output<typeof chatChannelRow>;

/** A bot of a platform as of its last heartbeat. */
export const chatBotRow = z.object({
  platform,
  /** Identifies its token without revealing it. */
  fingerprint: z.string(),
  install: z.string().nullable(),
  holder: z.string(),
  state: z.string(),
  state_since: z.string(),
  detail: z.string().nullable(),
  last_inbound_at: z.string().nullable(),
  last_outbound_at: z.string().nullable(),
  last_beat_at: z.string(),
});
export type ChatBotRow = z.output<typeof chatBotRow>;
