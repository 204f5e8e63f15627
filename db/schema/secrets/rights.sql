comment on table public.secrets is
  'Encrypted credentials of a gateway, or of one agent of it. Only the service role reads the ciphertext.';
comment on column public.secrets.sync_error is 'The reason why it is not on its gateway, without the value.';
comment on column public.secrets.revision is 'Counts changes of the value and of its gateway or agent.';
comment on column public.secrets.value_since is 'Time of the last change of the value.';
comment on column public.gateways.secrets_version is 'Counts changes that may alter a secrets file of the gateway.';

select hq.guard_table('public.secrets', 'viewer', 'operator', 'operator', 'operator');
select hq.open_columns('public.secrets', '{encrypted_value, name, note, category}');

do $$
begin
  revoke select on public.secrets from authenticated;
  execute format('grant select (%s) on public.secrets to authenticated',
    (select string_agg(quote_ident(c), ', ') from unnest(hq.secret_columns()) c));
end
$$;

-- Closes views of an older HQ that show the ciphertext, or are made from one that does: a view reads with its owner's rights.
do $$
declare
  v_view regclass;
begin
  for v_view in
    with recursive reads as (
      select r.ev_class as view, d.refobjid as source, d.refobjsubid as attribute
      from pg_depend d join pg_rewrite r on r.oid = d.objid
      where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and r.ev_class <> d.refobjid
    ), shows as (
      select r.view from reads r
      where r.source = 'public.secrets'::regclass and (r.attribute = 0 or r.attribute = (
        select a.attnum from pg_attribute a where a.attrelid = r.source and a.attname = 'encrypted_value'))
      union select r.view from reads r join shows s on r.source = s.view
    )
    select s.view::regclass from shows s join pg_class c on c.oid = s.view where pg_has_role(c.relowner, 'usage')
  loop
    execute format('revoke all on %s from public, anon, authenticated', v_view);
  end loop;
end
$$;

-- Publishes every column except the ciphertext. Where a project publishes all tables, no column can be left out; the missing right
-- to read it protects it there.
do $$
begin
  -- A column list must contain the replica identity; with the full row as identity every update would fail.
  alter table public.secrets replica identity default;
  if exists (
      select from pg_publication p where p.pubname = 'supabase_realtime' and not p.puballtables
        and not exists (select from pg_publication_namespace n where n.pnpubid = p.oid))
    and not exists (
      select from pg_publication_tables t
      where t.pubname = 'supabase_realtime' and t.schemaname = 'public' and t.tablename = 'secrets'
        and t.attnames @> hq.secret_columns() and t.attnames <@ hq.secret_columns())
  then
    if exists (
      select from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
      where p.pubname = 'supabase_realtime' and r.prrelid = 'public.secrets'::regclass)
    then
      alter publication supabase_realtime drop table public.secrets;
    end if;
    execute format('alter publication supabase_realtime add table public.secrets (%s)',
      (select string_agg(quote_ident(c), ', ') from unnest(hq.secret_columns()) c));
  end if;
end
$$;
