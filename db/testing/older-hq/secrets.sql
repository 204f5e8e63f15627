-- Its secrets: ciphertext is published and may be read by everyone who can sign in, and a deleted agent's secrets become everybody's.
create type public.secret_category as enum ('user', 'channel', 'integration');
create type public.secret_state as enum ('pending', 'active', 'error');
create table public.secrets (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  gateway_id uuid not null references public.gateways (id), agent_id uuid references public.agents (id) on delete set null,
  key text not null, name text not null, encrypted_value text, category public.secret_category not null default 'user', note text,
  sync_status public.secret_state not null default 'pending', last_synced_at timestamptz
);
create unique index secrets_key on public.secrets (tenant_id, gateway_id, key) where agent_id is null;
alter table public.secrets replica identity full;
create function public.log_secret() returns trigger language plpgsql security definer as $$
begin
  insert into public.audit_log (tenant_id, actor_type, module, action, entity_type, entity_id, changes)
  values (new.tenant_id, 'system', 'secrets', 'updated', 'secret', new.id, jsonb_build_object('after', to_jsonb(new)));
  return new;
end $$;
create trigger log_secret after insert or update on public.secrets for each row execute function public.log_secret();
create view public.secret_overview as select s.key, s.sync_status, s.encrypted_value from public.secrets s;
create view public.secret_list as select to_jsonb(o) as secret from public.secret_overview o;
create view public.secret_keys with (security_invoker) as select s.key from public.secrets s;
