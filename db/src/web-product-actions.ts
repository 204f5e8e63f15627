import type { Action } from '@hq/shared/actions';

/** Rules of an action that the database keeps beside its payload. */
export type ActionRules = Omit<Action, 'summary' | 'undo' | 'payload' | 'result' | 'describe'>;

const byDaemon = {
  executor: 'runner',
  role: 'operator',
  danger: 'disruptive',
  retry: 'never',
  maxAttempts: 1,
  whilePaused: false,
} as const;
const onGateway = (title: string, timeoutSeconds = 300): ActionRules => {
  return { ...byDaemon, title, target: 'gateway', lane: 'stack', timeoutSeconds };
};

/**
 * Actions of HQ's web product that the runner here does not serve. An HQ that adopts this database goes on writing them for its own
 * daemons, with payloads of its own: the guard asks for the role, and the queue here never leases them. A word of its enum that is not
 * in this list needs the role operator.
 */
export const webProductActions: Readonly<Record<string, ActionRules>> = {
  update_gateway: { ...onGateway('Update the gateway', 3600), role: 'admin' },
  backup_gateway: onGateway('Back up the gateway', 3600),
  auth_start: onGateway('Start a provider’s sign-in'),
  auth_paste: onGateway('Finish a provider’s sign-in'),
  auth_list: onGateway('List the providers’ sign-ins'),
  auth_refresh: onGateway('Refresh a provider’s sign-in'),
  auth_remove: onGateway('Remove a provider’s sign-in'),
  auth_set_default: onGateway('Choose the default sign-in'),
};
