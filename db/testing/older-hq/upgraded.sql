-- The last migration, which only an upgraded HQ has: on a fresh one it fails at a column that is not there.
alter table public.knowledge_items add column pinned boolean not null default false;
alter table public.knowledge_items drop constraint knowledge_scope,
  add constraint knowledge_scope check (scope in ('workspace', 'agent', 'library'));
insert into public.knowledge_items (title, scope, pinned) values ('Library', 'library', true);
insert into public._schema_version (version, description) values (39, 'library scope');
