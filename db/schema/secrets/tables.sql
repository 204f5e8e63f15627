-- Lock order: agents, secrets, gateways. Deleting an agent locks its gateway before its secrets and commands, as a runner's
-- exchange does; writing an agent's secret locks the agent first. Renaming an agent while its gateway is deleted can still
-- deadlock; Postgres then ends one of the two.
create table if not exists public.secrets (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  gateway_id uuid not null references public.gateways (id) on delete cascade,
  agent_id uuid references public.agents (id) on delete cascade,
  key text not null,
  name text,
  encrypted_value text not null,
  category text not null default 'user' check (category in ('user', 'channel', 'integration')),
  note text,
  sync_status text not null default 'pending' check (sync_status in ('pending', 'active', 'error', 'waiting')),
  last_synced_at timestamptz
);

alter table public.secrets add column if not exists created_at timestamptz not null default now();
alter table public.secrets add column if not exists updated_at timestamptz not null default now();

alter table public.secrets add column if not exists sync_error text;

alter table public.secrets add column if not exists revision bigint not null default 1;
alter table public.secrets add column if not exists updated_by uuid;

-- For existing rows the last change of the row is the best known time. No UPDATE: triggers of an older HQ would record it as
-- somebody's change.
alter table public.secrets add column if not exists value_since timestamptz;
alter table public.secrets alter column value_since type timestamptz using coalesce(value_since, updated_at, now());
alter table public.secrets alter column value_since set default now(), alter column value_since set not null;
create unique index if not exists hq_secrets_of_gateway on public.secrets (tenant_id, gateway_id, key) where agent_id is null;
create unique index if not exists hq_secrets_of_agent on public.secrets (tenant_id, gateway_id, agent_id, key) where agent_id is not null;
create index if not exists hq_secrets_by_gateway on public.secrets (gateway_id);
create index if not exists hq_secrets_by_agent on public.secrets (agent_id) where agent_id is not null;
select hq.add_enum_values('public.secrets', 'category', '{user,channel,integration}');
select hq.add_enum_values('public.secrets', 'sync_status', '{pending,active,error,waiting}');
alter table public.gateways add column if not exists secrets_version bigint not null default 0;

-- Deletes a secret with its agent: an emptied reference would give it to every agent.
do $$
declare
  v_wanted record;
  v_key record;
begin
  for v_wanted in
    select * from (values ('tenant_id', 'public.tenants'), ('gateway_id', 'public.gateways'), ('agent_id', 'public.agents')) w (name, other)
  loop
    for v_key in
      select k.conname as name from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
      where k.contype = 'f' and k.conrelid = 'public.secrets'::regclass and a.attname = v_wanted.name and k.confdeltype <> 'c'
    loop
      execute format('alter table public.secrets drop constraint %I', v_key.name);
    end loop;
    if not exists (
      select from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
      where k.contype = 'f' and k.conrelid = 'public.secrets'::regclass and a.attname = v_wanted.name)
    then
      execute format('alter table public.secrets add constraint %I foreign key (%I) references %s (id) on delete cascade not valid',
        'hq_secrets_' || v_wanted.name, v_wanted.name, v_wanted.other);
    end if;
  end loop;
end
$$;
