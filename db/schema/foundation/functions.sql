create or replace function hq.nil_tenant() returns uuid language sql immutable parallel safe
set search_path = '' as $$ select '00000000-0000-0000-0000-000000000000'::uuid $$;

-- The role of the request, seen through security definer functions too: `set role` does not change inside them.
create or replace function hq.caller_role() returns text language sql stable
set search_path = '' as $$
  select coalesce(nullif(current_setting('role', true), 'none'), session_user::text)
$$;

-- Defines a function that an older HQ may have under the same name. Its own stays as it is, since its signature belongs to its
-- callers; one that hq-db made (recorded in hq.defined_objects, or of the very same text) is replaced.
create or replace function hq.define_unless_foreign(p_signature text, p_definition text) returns void language plpgsql
set search_path = 'public' as $$
declare
  v_existing regprocedure := to_regprocedure(p_signature);
begin
  if v_existing is null
    or strpos(p_definition, (select p.prosrc from pg_proc p where p.oid = v_existing)) > 0
    or exists (select from hq.defined_objects d where d.kind = 'shared function' and d.identity = hq.function_identity(v_existing))
  then
    execute p_definition;
    insert into hq.defined_objects (kind, identity) values ('shared function', hq.function_identity(to_regprocedure(p_signature)))
    on conflict do nothing;
  end if;
end
$$;

-- Names a function with its schema and argument types, the same under every search path.
create or replace function hq.function_identity(p_function oid) returns text language sql stable
set search_path = '' as $$
  select format('%I.%I(%s)', p.pronamespace::regnamespace, p.proname,
    (select string_agg(pg_catalog.format_type(t, null), ', ' order by n) from unnest(p.proargtypes) with ordinality a (t, n)))
  from pg_catalog.pg_proc p where p.oid = p_function
$$;

create or replace function hq.touch_updated_at() returns trigger language plpgsql
set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;

create or replace function hq.keep_updated_at(p_table regclass) returns void language plpgsql
set search_path = '' as $$
begin
  execute format('drop trigger if exists hq_touch_updated_at on %s', p_table);
  execute format(
    'create trigger hq_touch_updated_at before update on %s for each row execute function hq.touch_updated_at()', p_table);
end
$$;

-- An older HQ may type a column as text, uuid or an enum: the record's own types decide, and an enum learns our words.
create or replace function hq.teach_enum(p_table regclass, p_column name, p_values text[]) returns void language plpgsql
set search_path = '' as $$
declare
  v_type oid;
  v_value text;
begin
  select a.atttypid into v_type from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid and t.typtype = 'e'
  where a.attrelid = p_table and a.attname = p_column;
  if v_type is null then
    return;
  end if;
  foreach v_value in array p_values loop
    execute format('alter type %s add value if not exists %L', v_type::regtype, v_value);
  end loop;
end
$$;

create or replace function hq.uuid_or_null(p_text text) returns uuid language sql immutable parallel safe
set search_path = '' as $$
  select case when p_text ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then p_text::uuid end
$$;

-- The last bytes of a text, cut at a whole character.
create or replace function hq.tail(p_text text, p_bytes int) returns text language plpgsql immutable parallel safe
set search_path = '' as $$
declare
  v_text text := p_text;
begin
  while octet_length(v_text) > p_bytes loop
    v_text := right(v_text, -greatest(1, (octet_length(v_text) - p_bytes) / 4));
  end loop;
  return v_text;
end
$$;

create or replace function hq.head(p_text text, p_bytes int) returns text language plpgsql immutable parallel safe
set search_path = '' as $$
declare
  v_text text := p_text;
begin
  while octet_length(v_text) > p_bytes loop
    v_text := left(v_text, -greatest(1, (octet_length(v_text) - p_bytes) / 4));
  end loop;
  return v_text;
end
$$;

-- What a runner hands in may be malformed; one bad entry must not block the others.
create or replace function hq.entries(p_list jsonb) returns setof jsonb language sql immutable
set search_path = '' as $$
  select e from jsonb_array_elements(case when jsonb_typeof(p_list) = 'array' then p_list else '[]' end) e
$$;

create or replace function hq.int_or_null(p_value jsonb) returns int language sql immutable parallel safe
set search_path = '' as $$
  select case when jsonb_typeof(p_value) = 'number' and abs((p_value #>> '{}')::numeric) < 2147483648
    then trunc((p_value #>> '{}')::numeric)::int end
$$;

-- What faces and hands watch. A change is only a hint to read again, so no row's old values are sent.
create or replace function hq.publish(p_table regclass) returns void language plpgsql
set search_path = '' as $$
begin
  if exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime' and not puballtables)
    and not exists (
      select from pg_catalog.pg_publication_rel r join pg_catalog.pg_publication p on p.oid = r.prpubid
      where p.pubname = 'supabase_realtime' and r.prrelid = p_table)
  then
    execute format('alter publication supabase_realtime add table %s', p_table);
  end if;
end
$$;

-- Returns whether hq-db created the table. An older HQ keeps its own tables by triggers of its own, so ours stay away from those.
create or replace function hq.owns_table(p_table regclass) returns boolean language sql stable
set search_path = '' as $$
  select exists (select from hq.created_tables t where p_table = to_regclass('public.' || quote_ident(t.name)))
$$;
