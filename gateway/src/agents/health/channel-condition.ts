import type { AgentCondition } from '@hq/shared/agents';
import { z } from 'zod';

/** An account of `channels.status`. */
export const channelAccount = z.object({
  accountId: z.string(),
  enabled: z.boolean().optional(),
  configured: z.boolean().optional(),
  mode: z.string().nullish(),
  lastTransportActivityAt: z.number().nullish(),
  lastError: z.string().nullish(),
  healthState: z.string().nullish(),
});
export type ChannelAccount = z.output<typeof channelAccount>;

/** OpenClaw's words for an account that does not work, beyond its own time of grace for starts and reconnections. */
const faults: Readonly<Record<string, string>> = {
  blocked: 'the platform refuses it',
  'terminal-disconnect': 'the platform refuses it',
  'ingress-unavailable': 'OpenClaw cannot take its messages',
  'not-running': 'it is not running',
  disconnected: 'it is not connected',
  'stale-socket': 'nothing came over its connection for half an hour',
  stuck: 'it does not react any more',
};

/** Faults that no new attempt of OpenClaw ends. */
const lasting: ReadonlySet<string> = new Set(['blocked', 'terminal-disconnect']);

/** Milliseconds in which a polled platform answers several times. OpenClaw counts such an account as healthy for half an hour. */
const silentMs = 180_000;

export interface ChannelFault {
  readonly condition: AgentCondition;
  /** True where it need not be seen a second time. */
  readonly isLasting: boolean;
}

/** Returns why an account neither receives nor answers; null for one that works, or is switched off. */
export function channelFault(channel: string, account: ChannelAccount, now: number): ChannelFault | null {
  if (account.enabled === false) return null;
  const muted = (reason: string, isLasting: boolean): ChannelFault => ({
    condition: { kind: 'mute', reason: `${channel}: ${reason}`, subject: channel },
    isLasting,
  });
  if (account.configured === false) return muted('its token is missing', true);
  const state = account.healthState ?? '';
  const fault = faults[state];
  if (fault !== undefined) return muted(firstSentence(account.lastError) ?? fault, lasting.has(state));
  const heardAt = account.lastTransportActivityAt;
  const isSilent = account.mode === 'polling' && heardAt != null && now - heardAt > silentMs;
  return isSilent ? muted('the platform cannot be reached', false) : null;
}

/** Returns the text up to the advice of OpenClaw, which names its own settings. */
function firstSentence(text: string | null | undefined): string | null {
  return text == null || text === '' ? null : (/^[^\n]*?[.)](?=\s|$)/.exec(text)?.[0] ?? text);
}
