-- `hq-db migrate` creates the schema hq and its ledger before it applies this file.
comment on schema hq is 'Policy rows, the ledger and internal functions of HQ. PostgREST does not expose it.';
revoke all on schema hq from public, anon, authenticated, service_role;

do $$
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end
$$;

create table if not exists hq.created_tables (
  name text primary key
);
