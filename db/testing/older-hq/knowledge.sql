-- Knowledge, collections, and the two tables that record its own migrations, without row level security.
create table public.knowledge_items (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  title text not null, content text, scope text not null default 'workspace' constraint knowledge_scope check (scope in ('workspace', 'agent')),
  status text not null default 'pending'
);
create table public.knowledge_chunks (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  item_id uuid not null references public.knowledge_items (id) on delete cascade, position int not null, text text not null
);
create table public.collections (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  name text not null
);
create table public.collection_records (
  id uuid primary key default gen_random_uuid(), collection_id uuid not null references public.collections (id) on delete cascade,
  data jsonb not null default '{}'
);

create function public.mark_knowledge_item_processed(p_item_id uuid, p_content text, p_error text default null) returns void
language sql security definer as $$
  update public.knowledge_items set content = p_content, status = 'ready', updated_at = now() where id = p_item_id $$;
create function public.upsert_knowledge_chunks(p_item_id uuid, p_chunks jsonb) returns int language plpgsql security definer as $$
declare
  v_count int;
begin
  delete from public.knowledge_chunks where item_id = p_item_id;
  insert into public.knowledge_chunks (item_id, position, text)
  select p_item_id, n, e #>> '{}' from jsonb_array_elements(p_chunks) with ordinality c (e, n);
  get diagnostics v_count = row_count;
  return v_count;
end $$;

create table public._schema_version (version int primary key, description text not null, applied_at timestamptz not null default now());
create table public._yourhq_migrations (name text primary key, applied_at timestamptz not null default now());
