import type { Role } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import { withConnection } from './connection.ts';

export interface Membership {
  readonly email: string;
  /** null takes the member out. */
  readonly role: Role | null;
  /** The tenant's slug. */
  readonly tenant: string;
  /** True for an account that may call the chat functions; undefined leaves it unchanged. */
  readonly isBot?: boolean;
}

/**
 * Makes an account that can sign in a member of a tenant, changes their role, or takes them out. It is how a new project gets its
 * first admin, and its chat bot. Throws `usage` for a bot that is more than a viewer, `not_found` for an account or a tenant that is not there.
 */
export async function setMember(
  databaseUrl: string,
  { email, role, tenant, isBot }: Membership,
): Promise<void> {
  if (isBot && role !== 'viewer') {
    throw new HqError('usage', 'a bot is a viewer', {
      hint: 'What people say through it counts with their own roles. hq-db member EMAIL viewer --bot',
    });
  }
  await withConnection(databaseUrl, async (client) => {
    const { rows } = await client.query<{ user_id: string | null; tenant_id: string | null }>(
      `select (select id from auth.users where lower(email) = lower($1) order by created_at limit 1) as user_id,
         (select id from public.tenants where slug = $2) as tenant_id`,
      [email, tenant],
    );
    const { user_id: userId = null, tenant_id: tenantId = null } = rows[0] ?? {};
    if (tenantId === null) {
      throw new HqError('not_found', `there is no tenant ${tenant}`, { hint: 'Name it by its slug.' });
    }
    if (userId === null) {
      throw new HqError('not_found', `no account has the address ${email}`, {
        hint: 'Let them sign up first, or add them on the page of users of your Supabase project.',
      });
    }
    await client.query(
      role === null
        ? 'delete from public.tenant_members where tenant_id = $1 and user_id = $2'
        : `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, $3)
           on conflict (tenant_id, user_id) do update set role = excluded.role`,
      role === null ? [tenantId, userId] : [tenantId, userId, role],
    );
    if (role === null || isBot === undefined) return;
    await client.query(
      isBot
        ? 'insert into public.chat_bots (tenant_id, user_id) values ($1, $2) on conflict do nothing'
        : 'delete from public.chat_bots where tenant_id = $1 and user_id = $2',
      [tenantId, userId],
    );
  });
}
