-- The role that the API works under while no request has named its own: it may become the roles of the API, and it keeps
-- the auth server's tables. It is no superuser and owns nothing. Changes nothing that is right already.
do $$
begin
  if not exists (select from pg_roles where rolname = 'hq_api') then
    create role hq_api nologin in role anon, authenticated, service_role;
    execute format('grant hq_api to %s', (select datdba::regrole from pg_database where datname = current_database()));
  end if;
exception when duplicate_object or unique_violation then
  -- Another database of this cluster was being prepared at the same time.
  null;
end
$$;

grant usage on schema auth to hq_api;
grant select, insert, update, delete on all tables in schema auth to hq_api;
do $$
begin
  -- Whoever owns the database keeps its users: it seeds the first one.
  execute format('grant all on all tables in schema auth to %s',
    (select datdba::regrole from pg_database where datname = current_database()));
end
$$;
revoke all on all tables in schema auth from anon, authenticated, service_role;
-- Passwords are checked in the database.
create extension if not exists pgcrypto with schema extensions;
