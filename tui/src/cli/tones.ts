import type { GatewayCondition } from '@hq/shared/fleet';
import type { AgentRow, CommandRow, SecretRow } from '@hq/shared/rows';
import type { Tone } from '../theme/theme.ts';

export const toneOfCondition: Readonly<Record<GatewayCondition, Tone>> = {
  healthy: 'good',
  starting: 'busy',
  provisioning: 'busy',
  unhealthy: 'bad',
  error: 'bad',
  stale: 'bad',
  unseen: 'bad',
  paused: 'off',
  hibernating: 'off',
};

export const toneOfAgent: Readonly<Record<AgentRow['status'], Tone>> = {
  ready: 'good',
  provisioning: 'busy',
  error: 'bad',
  paused: 'off',
  hibernating: 'off',
};

export const toneOfCommand: Readonly<Record<CommandRow['status'], Tone>> = {
  pending: 'busy',
  leased: 'busy',
  running: 'busy',
  done: 'good',
  failed: 'bad',
  cancelled: 'off',
};

/** How a bot says that it is. */
export function toneOfBot(state: string): Tone {
  if (state === 'connected') return 'good';
  if (state === 'stopped') return 'off';
  return state === 'starting' || state === 'reconnecting' ? 'busy' : 'bad';
}

export const toneOfSecret: Readonly<Record<SecretRow['sync_status'], Tone>> = {
  pending: 'busy',
  active: 'good',
  error: 'bad',
  waiting: 'off',
};
