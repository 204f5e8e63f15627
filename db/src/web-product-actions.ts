import type { Danger, Lane, Role } from '@hq/shared/actions';
import { z } from 'zod';

/**
 * Actions of HQ's web product that the runner here does not serve. An HQ that adopts this database goes on writing them
 * for its own daemons, so the guard knows their shape; the queue here never leases them.
 */
export interface WebProductAction {
  readonly title: string;
  readonly target: 'gateway' | 'agent';
  readonly role: Role;
  /** `disruptive` where nothing is said. */
  readonly danger?: Danger;
  readonly lane: Lane;
  readonly timeoutSeconds: number;
  readonly payload: z.ZodObject;
  /** Why nobody may ask for it, where that is so. */
  readonly refusal?: string;
}

const nothing = z.strictObject({});
const text = z.string().max(2000);
const noPlaintextKeys =
  'provider sign-in is closed until secrets are encrypted: a key must never stand in a command';

const signIn = (title: string): WebProductAction => ({
  title,
  target: 'gateway',
  role: 'admin',
  lane: 'stack',
  timeoutSeconds: 300,
  payload: z.object({}),
  refusal: noPlaintextKeys,
});

export const webProductActions: Readonly<Record<string, WebProductAction>> = {
  provision: {
    title: 'Provision an agent',
    target: 'agent',
    role: 'operator',
    lane: 'agent',
    timeoutSeconds: 600,
    payload: z.strictObject({
      channel: z.enum(['telegram', 'discord', 'slack', 'none']),
      discord_server_id: text.optional(),
      discord_user_id: text.optional(),
      source_template: text.optional(),
      name: text.optional(),
      description: text.optional(),
      emoji: text.optional(),
      model: text.optional(),
      owner_name: text.optional(),
      owner_preferred_name: text.optional(),
      owner_timezone: text.optional(),
      workspace_slug: text.optional(),
    }),
  },
  update: {
    title: 'Update an agent',
    target: 'agent',
    role: 'operator',
    lane: 'agent',
    timeoutSeconds: 600,
    payload: nothing,
  },
  remove: {
    title: 'Remove an agent',
    target: 'agent',
    role: 'admin',
    danger: 'destructive',
    lane: 'agent',
    timeoutSeconds: 600,
    payload: nothing,
  },
  update_all: {
    title: 'Update all agents',
    target: 'gateway',
    role: 'operator',
    lane: 'stack',
    timeoutSeconds: 1800,
    payload: nothing,
  },
  update_gateway: {
    title: 'Update the gateway',
    target: 'gateway',
    role: 'admin',
    lane: 'stack',
    timeoutSeconds: 3600,
    payload: nothing,
  },
  backup_gateway: {
    title: 'Back up the gateway',
    target: 'gateway',
    role: 'operator',
    lane: 'stack',
    timeoutSeconds: 3600,
    payload: nothing,
  },
  approve_pairing: {
    title: 'Approve a pairing',
    target: 'agent',
    role: 'operator',
    lane: 'agent',
    timeoutSeconds: 120,
    payload: z.strictObject({
      pairing_code: z
        .string()
        .max(100)
        .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/),
      channel: z.enum(['telegram', 'discord', 'slack']),
    }),
  },
  set_agent_model: {
    title: 'Set an agent’s model',
    target: 'agent',
    role: 'operator',
    lane: 'agent',
    timeoutSeconds: 120,
    payload: z.strictObject({
      agent_slug: text,
      model: text.optional(),
      thinking: z.enum(['none', 'low', 'medium', 'high']).optional(),
    }),
  },
  list_models: {
    title: 'List the models',
    target: 'gateway',
    role: 'viewer',
    danger: 'read',
    lane: 'none',
    timeoutSeconds: 120,
    payload: z.strictObject({ provider: text.optional() }),
  },
  auth_start: signIn('Start a provider’s sign-in'),
  auth_paste: signIn('Finish a provider’s sign-in'),
  auth_list: signIn('List the providers’ sign-ins'),
  auth_refresh: signIn('Refresh a provider’s sign-in'),
  auth_remove: signIn('Remove a provider’s sign-in'),
  auth_set_default: signIn('Choose the default sign-in'),
};
