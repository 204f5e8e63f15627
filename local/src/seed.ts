import type pg from 'pg';
import { botEmail, botPassword, type InstallKeys } from './install-keys.ts';
import { createMember, type NewMember, nilTenant, setPassword } from './member.ts';

export interface Seeded {
  readonly gatewayId: string;
}

/** Creates a workspace, this machine's gateway, an admin and a bot where they are missing. */
export async function seed(client: pg.ClientBase, keys: InstallKeys): Promise<Seeded> {
  await client.query(
    `insert into public.workspace (tenant_id, name, slug)
     select $1, 'HQ', 'hq' where not exists (select from public.workspace where tenant_id = $1)`,
    [nilTenant],
  );
  await seedMember(client, { email: keys.email, password: keys.password, role: 'admin' });
  await seedMember(client, { email: botEmail, password: botPassword(keys), role: 'viewer' });
  await client.query(
    `insert into public.chat_bots (tenant_id, user_id) select m.tenant_id, m.user_id
     from public.tenant_members m join auth.users u on u.id = m.user_id where m.tenant_id = $1 and u.email = $2
     on conflict do nothing`,
    [nilTenant, botEmail],
  );
  return { gatewayId: await seedGateway(client, keys.installation) };
}

async function seedMember(client: pg.ClientBase, member: NewMember): Promise<void> {
  const { rows } = await client.query<{ id: string }>('select id from auth.users where email = $1', [
    member.email,
  ]);
  const [user] = rows;
  if (user) await setPassword(client, user.id, member.password);
  else await createMember(client, member);
}

/**
 * Returns the gateway of this machine: the one marked by this installation, else the default one if no runner serves it,
 * else a new one (an external database may have gateways elsewhere).
 */
async function seedGateway(client: pg.ClientBase, installation: string): Promise<string> {
  const mark = JSON.stringify({ installation, networking_mode: 'local' });
  const { rows } = await client.query<{ id: string }>(
    `with ours as (
       select id from public.gateways where tenant_id = $1 and meta ->> 'installation' = $2
     ), free as (
       update public.gateways set label = 'This machine', meta = meta || $3
       where tenant_id = $1 and slug = 'default' and last_seen_at is null and not exists (select from ours)
         and meta ->> 'installation' is null
       returning id
     ), made as (
       insert into public.gateways (tenant_id, slug, label, meta)
       select $1, 'local-' || left($2, 8), 'This machine', $3
       where not exists (select from ours) and not exists (select from free)
       returning id
     )
     select id from ours union all select id from free union all select id from made limit 1`,
    [nilTenant, installation, mark],
  );
  const [gateway] = rows;
  if (!gateway) throw new RangeError('one of three always gives a gateway');
  return gateway.id;
}
