create or replace function hq.nil_tenant() returns uuid language sql immutable parallel safe
set search_path = '' as $$ select '00000000-0000-0000-0000-000000000000'::uuid $$;

-- Returns the role of the request, inside security definer functions too: `set role` does not change there.
create or replace function hq.caller_role() returns text language sql stable
set search_path = '' as $$
  select coalesce(nullif(current_setting('role', true), 'none'), session_user::text)
$$;

-- Defines a function that an older HQ may already have. That one stays, because its callers know it. A function that hq-db made is
-- replaced: it is recorded in hq.defined_objects, or has the very same text.
create or replace function hq.define_unless_foreign(p_signature text, p_definition text, p_comment text) returns void language plpgsql
set search_path = 'public' as $$
declare
  v_existing regprocedure := to_regprocedure(p_signature);
begin
  if v_existing is null
    or strpos(p_definition, (select '$fn$' || p.prosrc || '$fn$' from pg_proc p where p.oid = v_existing)) > 0
    or exists (select from hq.defined_objects d where d.kind = 'shared function' and d.identity = hq.function_identity(v_existing))
  then
    execute p_definition;
    execute format('comment on function %s is %L', to_regprocedure(p_signature), p_comment);
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

create or replace function hq.add_updated_at_trigger(p_table regclass) returns void language plpgsql
set search_path = '' as $$
begin
  execute format('drop trigger if exists hq_touch_updated_at on %s', p_table);
  execute format(
    'create trigger hq_touch_updated_at before update on %s for each row execute function hq.touch_updated_at()', p_table);
end
$$;

-- Adds values to the enum of a column. Does nothing where the column is a text: an older HQ may use either.
create or replace function hq.add_enum_values(p_table regclass, p_column name, p_values text[]) returns void language plpgsql
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

-- Returns the last bytes of a text, starting at a whole character. hq.head returns the first ones.
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

-- Returns the elements of a list, and none for anything else: one malformed entry must not stop the others.
create or replace function hq.entries(p_list jsonb) returns setof jsonb language sql immutable
set search_path = '' as $$
  select e from jsonb_array_elements(case when jsonb_typeof(p_list) = 'array' then p_list else '[]' end) e
$$;

-- Returns an object without its fields that are null: to leave a field out and to send null is the same.
create or replace function hq.without_nulls(p_object jsonb) returns jsonb language sql immutable parallel safe
set search_path = '' as $$
  select case when jsonb_typeof(p_object) = 'object'
    then (select coalesce(jsonb_object_agg(e.key, e.value), '{}') from jsonb_each(p_object) e where e.value <> 'null') else p_object end
$$;

-- Adds a row with those of the fields that the table has, since an older HQ's columns differ. Returns it, or null for one that is
-- there already.
create or replace function hq.insert_fields(p_table regclass, p_fields jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
  v_columns text := (select string_agg(quote_ident(a.attname), ', ') from pg_catalog.pg_attribute a
    where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and p_fields ? a.attname::text);
  v_row jsonb;
begin
  execute format('insert into %1$s as t (%2$s) select %2$s from jsonb_populate_record(null::%1$s, $1) on conflict do nothing returning to_jsonb(t)',
    p_table, v_columns) into v_row using p_fields;
  return v_row;
end
$$;

create or replace function hq.int_or_null(p_value jsonb) returns int language sql immutable parallel safe
set search_path = '' as $$
  select case when jsonb_typeof(p_value) = 'number' and abs((p_value #>> '{}')::numeric) < 2147483648
    then trunc((p_value #>> '{}')::numeric)::int end
$$;

-- Adds a table to the Realtime publication. Clients read again after a change, so no old values are sent.
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

-- Lets these roles alone call a function of `public`, and describes it.
create or replace function hq.open_function(p_function regprocedure, p_roles text, p_comment text) returns void language plpgsql
set search_path = '' as $$
begin
  execute format('revoke all on function %s from public, anon, authenticated', p_function);
  execute format('grant execute on function %s to %s', p_function, p_roles);
  execute format('comment on function %s is %L', p_function, p_comment);
end
$$;

-- Returns whether hq-db created the table. An older HQ has triggers of its own on its tables, so HQ adds none to those.
create or replace function hq.owns_table(p_table regclass) returns boolean language sql stable
set search_path = '' as $$
  select exists (select from hq.created_tables t where p_table = to_regclass('public.' || quote_ident(t.name)))
$$;

-- Returns whether the tables of an older HQ stand here.
create or replace function hq.adopted() returns boolean language sql stable
set search_path = '' as $$ select not hq.owns_table('public.tasks') $$;

-- Keeps columns out of a member's reach that the grant of the table opens: an insert gets the value of a new row, an update the
-- value that is there. The trigger's condition leaves out what functions and other triggers write.
create or replace function hq.protect_columns() returns trigger language plpgsql
set search_path = '' as $$
begin
  return jsonb_populate_record(new, (
    select jsonb_object_agg(c, case when tg_op = 'UPDATE' then to_jsonb(old) -> c when c = 'created_at' then to_jsonb(clock_timestamp())
      when c = 'actor_type' then '"human"' else 'null' end)
    from unnest(tg_argv) c where to_jsonb(new) ? c));
end
$$;
