import { HqError } from '@hq/shared/errors';
import { secretNameFault } from '@hq/shared/secrets';
import type pg from 'pg';
import { findNamesTaken } from './before-hq.ts';
import { withConnection } from './connection.ts';
import { findBlockers, inSnapshot } from './migration-lock.ts';

export interface AdoptionReport {
  /** A sentence for each thing that `hq-db migrate` changes, and for whom. */
  readonly changes: readonly string[];
  /** A sentence for each reason why `hq-db migrate` would fail or wait. */
  readonly obstacles: readonly string[];
}

/** Queries whose rows are sentences about this database, in the order in which they are told. */
const changes: readonly string[] = [
  // The same conditions as in schema/tenancy/tables.sql.
  `select case when fault is null then format('%s becomes admin of %s.', who, tenant) else format('%s gets no role: %s.', who, fault) end
   from (
     select coalesce(u.email, 'an anonymous account') as who, coalesce(t.slug, 'default') as tenant, case
       when to_jsonb(u) ->> 'deleted_at' is not null then 'the account is deleted'
       when (to_jsonb(u) ->> 'banned_until')::timestamptz > now() then 'the account is banned'
       when (to_jsonb(u) ->> 'is_anonymous')::boolean then 'it has no name'
       when u.raw_app_meta_data ->> 'tenant_id' is not null and t.id is null then 'its tenant does not exist' end as fault
     from auth.users u left join public.tenants t on t.id::text = u.raw_app_meta_data ->> 'tenant_id') people
   order by fault is not null, who`,
  `select format('%s command%s never ended: %s fail%s with the first turn of hq-runner, with one alert for all.', count(*),
     case when count(*) > 1 then 's' end, case when count(*) > 1 then 'they' else 'it' end, case when count(*) = 1 then 's' end)
   from public.agent_commands where status = 'running'
     and coalesce(leased_until, started_at, created_at) < now() - interval '1 hour' having count(*) > 0`,
  `select format('%s waiting command%s no gateway: the only gateway of the tenant takes it; of several, any daemon of the older HQ.', count(*),
     case when count(*) > 1 then 's name' else ' names' end)
   from public.agent_commands where status = 'pending' and gateway_id is null having count(*) > 0`,
  `select format('The agent %s keeps its name, which a new one could not have.', slug) from public.agents
   where slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$' or length(slug) not between 2 and 40
     or slug in ('default', 'main', 'master', 'new', 'template') or starts_with(slug, 'template-') order by slug`,
  `select format('The value of the secret %s of the gateway %s is not encrypted: hq-runner reports it until it is set again.', s.key, g.slug)
   from public.secrets s join public.gateways g on g.id = s.gateway_id
   where coalesce(s.encrypted_value, '') !~ '^enc:v1:' order by s.key`,
  `select format('Tables without row level security are closed to the anonymous key: %s.', string_agg(c.relname, ', ' order by c.relname))
   from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity having count(*) > 0`,
  `select format('Functions that run with their owner''s rights write for operators alone, and read what the caller may: %s.',
     string_agg(p.proname, ', ' order by p.proname))
   from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef and p.prorettype <> 'trigger'::regtype
     and p.oid is distinct from to_regprocedure('public.consume_gateway_token(text,text,text)')
     and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') having count(*) > 0`,
  `select format('Views read with the rights of whoever asks: %s.', string_agg(c.relname, ', ' order by c.relname)) from pg_class c
   where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
     and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1']
     and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') having count(*) > 0`,
];

/** Changes that come with every adoption. docs/adopting.md has all of it. */
const always: readonly string[] = [
  'An account that signs up later has no rights until an admin gives it a role.',
  'Writing needs the role operator. The audit log, usage and commands are changed by the service role alone.',
  'The ciphertext of secrets is read by the service role alone, and Realtime does not send it.',
  'The daemons of the older HQ get the commands that they know, and none of a paused gateway.',
  'A provider’s key in a command is refused.',
  'The web product’s audit page shows lines of HQ, whose words its filters do not know.',
  'No row, column or function is lost. Make a backup; hq-db unadopt takes HQ out again.',
];

const obstacles: readonly string[] = [
  `select format('The table %s belongs to %s: connect as its owner, or make %s the owner.', c.oid::regclass, c.relowner::regrole, current_user)
   from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not pg_has_role(c.relowner, 'usage')
     and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1`,
  `select format('%s secrets are called %s on the gateway %s: delete all but one.', count(*), s.key, g.slug)
   from public.secrets s join public.gateways g on g.id = s.gateway_id
   group by s.tenant_id, g.slug, s.gateway_id, s.agent_id, s.key having count(*) > 1 order by 1`,
  `select format('Policies bind the owner of %s too, and HQ''s functions run as %s: alter table %s no force row level security.',
     string_agg(c.oid::regclass::text, ', ' order by c.relname), current_user, min(c.oid::regclass::text))
   from pg_class c where c.relnamespace = 'public'::regnamespace and c.relforcerowsecurity
     and not exists (select from pg_roles r where r.rolname = current_user and (r.rolbypassrls or r.rolsuper)) having count(*) > 0`,
  `select format('The publication supabase_realtime belongs to %s: make %s its owner.', p.pubowner::regrole, current_user)
   from pg_publication p where p.pubname = 'supabase_realtime' and not p.puballtables and not pg_has_role(p.pubowner, 'usage')`,
];

async function sentences(client: pg.Client, queries: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const sql of queries) {
    const { rows } = await client.query<{ says: string }>(`select t.says from (${sql}) t (says)`);
    all.push(...rows.map(({ says }) => says));
  }
  return all;
}

/** Secrets with names that HQ does not allow: they stay, and hq-runner leaves them out. */
async function refusedNames(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ key: string; owner: string }>(
    `select s.key, case when a.slug is null then 'the gateway ' || g.slug else 'the agent ' || a.slug end as owner
     from public.secrets s join public.gateways g on g.id = s.gateway_id left join public.agents a on a.id = s.agent_id order by s.key`,
  );
  return rows.flatMap(({ key, owner }) => {
    const fault = secretNameFault(key);
    return fault === null
      ? []
      : [`The secret ${key} of ${owner} stays, but is in no file that hq-runner writes. ${fault}`];
  });
}

async function refuseOthers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ adopted: boolean; older: boolean }>(
    `select to_regclass('hq.migrations') is not null as adopted, to_regclass('public.agent_commands') is not null
       and to_regclass('public.secrets') is not null and to_regclass('public.tenants') is not null as older`,
  );
  if (rows[0]?.adopted) {
    throw new HqError('conflict', 'this database has been adopted', {
      hint: 'hq-db verify says how it stands.',
    });
  }
  if (!rows[0]?.older) {
    throw new HqError('not_found', 'there is no older HQ in this database', {
      hint: 'hq-db migrate makes a new HQ here.',
    });
  }
}

/**
 * Says what `hq-db migrate` would change in the database of an older HQ, in a transaction that can write nothing. Throws `conflict` for a
 * database that was adopted, `not_found` for one without an older HQ.
 */
export function checkAdoption(databaseUrl: string): Promise<AdoptionReport> {
  return withConnection(databaseUrl, (client) =>
    inSnapshot(client, async () => {
      await refuseOthers(client);
      const blockers = await findBlockers(client);
      return {
        changes: [...(await sentences(client, changes)), ...(await refusedNames(client)), ...always],
        obstacles: [
          ...(await sentences(client, obstacles)),
          ...(await findNamesTaken(client)),
          ...blockers.map(({ says }) => `${says}.`),
        ],
      };
    }),
  );
}
