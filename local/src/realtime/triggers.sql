-- The source of Realtime: every statement that changes a published table announces its rows on the channel hq_realtime.
-- Runs at each start, on the database as the migrations left it; changes nothing that is right already.

create schema if not exists hq_realtime;

-- One call per statement, not per row: a thousand rows go out in as few notifications as hold them. A notification may
-- have 7,999 bytes; a row that does not fit is announced by its key, and read again by the listener.
-- Arguments: the columns of the primary key.
create or replace function hq_realtime.announce() returns trigger language plpgsql
set search_path = '' set timezone = 'UTC' as $$
declare
  v_limit constant int := 7900;
  v_head text := format('"s":%s,"t":%s,"o":%s,"at":%s', to_json(tg_table_schema), to_json(tg_table_name), to_json(left(tg_op, 1)),
    to_json(clock_timestamp()));
  v_tenant boolean;
  v_hidden text[];
  v_row json;
  v_text text;
  v_key jsonb;
  v_whole text := '';
  v_keys text := '';
begin
  if not exists (select from changed) then
    return null;
  end if;
  v_tenant := exists (select from pg_catalog.pg_attribute where attrelid = tg_relid and attname = 'tenant_id' and not attisdropped);
  -- The columns that the publication leaves out: they are not announced either. Looked up each time, for the publication may change.
  v_hidden := (select array_agg(a.attname) from pg_catalog.pg_publication_rel r
    join pg_catalog.pg_publication p on p.oid = r.prpubid and p.pubname = 'supabase_realtime'
    join pg_catalog.pg_attribute a on a.attrelid = r.prrelid and a.attnum > 0 and not a.attisdropped
    where r.prrelid = tg_relid and a.attnum <> all (r.prattrs::int2[]));
  for v_row in
    select case when v_hidden is null then to_json(changed) else (to_jsonb(changed) - v_hidden)::json end from changed
  loop
    v_text := v_row::text;
    if tg_op = 'DELETE' or octet_length(v_text) + octet_length(v_head) + 20 > v_limit then
      select jsonb_object_agg(k.name, v_row -> k.name) into v_key from unnest(tg_argv) k (name);
      if v_tenant and tg_op = 'DELETE' then
        v_key := jsonb_build_object('tenant', v_row -> 'tenant_id', 'key', v_key);
      end if;
      if octet_length(v_keys) + octet_length(v_key::text) + octet_length(v_head) + 20 > v_limit then
        perform pg_notify('hq_realtime', format('{%s,"keys":[%s]}', v_head, v_keys));
        v_keys := '';
      end if;
      v_keys := v_keys || case when v_keys = '' then '' else ',' end || v_key::text;
    else
      if octet_length(v_whole) + octet_length(v_text) + octet_length(v_head) + 20 > v_limit then
        perform pg_notify('hq_realtime', format('{%s,"rows":[%s]}', v_head, v_whole));
        v_whole := '';
      end if;
      v_whole := v_whole || case when v_whole = '' then '' else ',' end || v_text;
    end if;
  end loop;
  if v_whole <> '' then
    perform pg_notify('hq_realtime', format('{%s,"rows":[%s]}', v_head, v_whole));
  end if;
  if v_keys <> '' then
    perform pg_notify('hq_realtime', format('{%s,"keys":[%s]}', v_head, v_keys));
  end if;
  return null;
end
$$;

do $$
declare
  v_table record;
  v_event record;
  v_name text;
begin
  for v_table in
    select t.tgname, t.tgrelid::regclass as relation
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_class c on c.oid = t.tgrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where t.tgfoid = 'hq_realtime.announce'::regproc
      and not exists (select from pg_catalog.pg_publication_tables p
        where p.pubname = 'supabase_realtime' and p.schemaname = n.nspname and p.tablename = c.relname)
  loop
    execute format('drop trigger %I on %s', v_table.tgname, v_table.relation);
  end loop;

  for v_table in
    select c.oid::regclass as relation, c.oid,
      (select string_agg(quote_literal(a.attname), ', ' order by array_position(i.indkey::int2[], a.attnum))
       from pg_catalog.pg_index i
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
       where i.indrelid = c.oid and i.indisprimary) as key
    from pg_catalog.pg_publication_tables p
    join pg_catalog.pg_namespace n on n.nspname = p.schemaname
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
    where p.pubname = 'supabase_realtime' and c.relkind = 'r'
  loop
    for v_event in
      select * from (values ('insert', 'new'), ('update', 'new'), ('delete', 'old')) e (verb, image)
    loop
      v_name := 'hq_realtime_' || v_event.verb;
      if v_table.key is not null and not exists (
        select from pg_catalog.pg_trigger t where t.tgrelid = v_table.oid and t.tgname = v_name
          and t.tgfoid = 'hq_realtime.announce'::regproc
      ) then
        execute format(
          'create trigger %I after %s on %s referencing %s table as changed for each statement execute function hq_realtime.announce(%s)',
          v_name, v_event.verb, v_table.relation, v_event.image, v_table.key);
      end if;
    end loop;
  end loop;
end
$$;
