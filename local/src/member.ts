import { randomUUID } from 'node:crypto';
import type { Role } from '@hq/shared/actions';
import type pg from 'pg';

export interface NewMember {
  readonly email: string;
  /** Must be random and long: it is hashed with the lowest cost factor. */
  readonly password: string;
  readonly role: Role | undefined;
  /** Default: the one tenant of a self-hosted HQ. */
  readonly tenantId?: string;
}

export const nilTenant = '00000000-0000-0000-0000-000000000000';

/** Creates a user with a password and, with a role, a member of the tenant. Returns the user's id. */
export async function createMember(client: pg.ClientBase, member: NewMember): Promise<string> {
  const id = randomUUID();
  const email = member.email.toLowerCase();
  const appMetadata = {
    provider: 'email',
    providers: ['email'],
    ...(member.tenantId && { tenant_id: member.tenantId }),
  };
  await client.query('create extension if not exists pgcrypto with schema extensions');
  await client.query('begin');
  try {
    await client.query(
      `insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at,
                               raw_app_meta_data, raw_user_meta_data)
       values ($1, 'authenticated', 'authenticated', $2, extensions.crypt($3, extensions.gen_salt('bf', 4)),
               now(), $4, '{}')`,
      [id, email, member.password, JSON.stringify(appMetadata)],
    );
    await client.query(
      `insert into auth.identities (id, provider, provider_id, user_id, identity_data)
       values ($1, 'email', $2::text, $2::text::uuid, jsonb_build_object('sub', $2::text, 'email', $3::text, 'email_verified', true))`,
      [randomUUID(), id, email],
    );
    if (member.role) {
      await client.query('insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, $3)', [
        member.tenantId ?? nilTenant,
        id,
        member.role,
      ]);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
  return id;
}

/** Sets the password of a user if it differs. */
export async function setPassword(client: pg.ClientBase, userId: string, password: string): Promise<void> {
  await client.query(
    `update auth.users set encrypted_password = extensions.crypt($2, extensions.gen_salt('bf', 4))
     where id = $1 and encrypted_password is distinct from extensions.crypt($2, encrypted_password)`,
    [userId, password],
  );
}
