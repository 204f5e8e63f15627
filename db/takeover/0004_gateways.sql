-- Gateways, and the one-time tokens that let a new host register as one.

do $$
begin
  if to_regtype('public.gateway_status') is null then
    create type public.gateway_status as enum ('provisioning', 'ready', 'error', 'hibernating', 'paused');
  end if;
end
$$;
alter type public.gateway_status add value if not exists 'paused';

create table if not exists public.gateways (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  slug text not null,
  label text,
  status public.gateway_status not null default 'provisioning',
  last_seen_at timestamptz,
  last_heartbeat_at timestamptz,
  meta jsonb not null default '{}',
  last_backup_at timestamptz,
  last_backup_size_bytes bigint,
  unique (tenant_id, slug)
);
select hq.keep_updated_at('public.gateways');
select hq.guard_table('public.gateways', 'viewer', 'admin', 'admin', 'admin');
select hq.open_columns('public.gateways', '{slug, label, meta}');

insert into public.gateways (tenant_id, slug, label)
select hq.nil_tenant(), 'default', 'Primary gateway'
where not exists (select from public.gateways where tenant_id = hq.nil_tenant())
on conflict do nothing;

create table if not exists public.gateway_registration_tokens (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  token_hash text not null unique,
  label text,
  expires_at timestamptz not null default now() + interval '15 minutes',
  consumed_at timestamptz,
  consumed_by_gateway_id uuid references public.gateways (id) on delete set null
);
select hq.guard_table('public.gateway_registration_tokens', 'admin', 'admin', null, 'admin');

select hq.create_unless_there('public.consume_gateway_token(text,text,text)', $create$
  create function public.consume_gateway_token(p_token text, p_label text default null, p_slug_hint text default null)
  returns table (gateway_id uuid, gateway_slug text) language plpgsql security definer set search_path = '' as $fn$
  declare
    v_token public.gateway_registration_tokens;
    v_base text;
    v_slug text;
    v_gateway uuid;
    v_number int := 1;
  begin
    select * into v_token from public.gateway_registration_tokens t
    where t.token_hash = encode(sha256(convert_to(coalesce(p_token, ''), 'UTF8')), 'hex')
    for update;
    if not found or v_token.consumed_at is not null then
      raise exception 'invalid_token' using errcode = '28000';
    end if;
    if v_token.expires_at <= now() then
      raise exception 'token_expired' using errcode = '28000';
    end if;
    v_base := trim(both '-' from left(regexp_replace(
      lower(coalesce(p_slug_hint, p_label, v_token.label, '')), '[^a-z0-9]+', '-', 'g'), 36));
    if v_base = '' then
      v_base := 'gateway';
    end if;
    loop
      v_slug := v_base || case v_number when 1 then '' else '-' || v_number end;
      insert into public.gateways (tenant_id, slug, label)
      values (v_token.tenant_id, v_slug, coalesce(p_label, v_token.label, v_slug))
      on conflict (tenant_id, slug) do nothing
      returning id into v_gateway;
      exit when v_gateway is not null;
      v_number := v_number + 1;
    end loop;
    update public.gateway_registration_tokens t
    set consumed_at = now(), consumed_by_gateway_id = v_gateway
    where t.id = v_token.id;
    return query select v_gateway, v_slug;
  end
  $fn$
$create$);
