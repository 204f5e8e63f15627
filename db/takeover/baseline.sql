-- Brings the result of the migrations in this folder to the baseline, which says the same under better names.
alter table hq.actions rename column hand to executor;
alter table hq.actions rename constraint actions_hand_check to actions_executor_check;
alter table hq.actions drop column refusal;
create table hq.executors (
  gateway_id uuid primary key references public.gateways (id) on delete cascade,
  runner_at timestamptz,
  older_daemon_at timestamptz
);
create table hq.bounded_functions (
  identity text primary key
);
alter table public.agent_commands add column lease_seconds int;
drop index public.agent_commands_pending;
create index agent_commands_pending on public.agent_commands (gateway_id, action, priority desc, created_at, id) where status = 'pending';
create index agent_commands_waiting on public.agent_commands (requested_by, gateway_id) where status = 'pending' and requested_by is not null;

create table hq.created_tables (
  name text primary key
);
insert into hq.created_tables (name)
select t from unnest(array['tasks', 'comments', 'task_relations', 'entity_links']) t
where obj_description(format('public.%I', t)::regclass, 'pg_class') = 'Made by hq-db.';
insert into hq.created_tables (name)
select 'agent_budgets' where exists (
  select from pg_trigger where tgrelid = 'public.agent_budgets'::regclass and tgname = 'hq_judge_budget');

do $$
declare
  v_table text;
begin
  for v_table in select name from hq.created_tables where name <> 'agent_budgets' loop
    execute format('comment on table public.%I is null', v_table);
  end loop;
end
$$;

-- Columns get the names that the contract with the web product has for them; an older HQ has them already.
do $$
begin
  if exists (select from hq.created_tables where name = 'task_relations') then
    alter table public.task_relations rename column task_id to source_task_id;
    alter table public.task_relations rename column related_task_id to target_task_id;
    alter table public.task_relations rename constraint task_relations_task_id_fkey to task_relations_source_task_id_fkey;
    alter table public.task_relations rename constraint task_relations_related_task_id_fkey to task_relations_target_task_id_fkey;
    alter table public.task_relations rename constraint task_relations_task_id_related_task_id_relation_type_key
      to task_relations_source_task_id_target_task_id_relation_type_key;
  end if;
  if exists (select from hq.created_tables where name = 'entity_links') then
    alter table public.entity_links rename column entity_type to owner_type;
    alter table public.entity_links rename column entity_id to owner_id;
    alter table public.entity_links rename column title to label;
    alter index public.entity_links_of_entity rename to entity_links_of_owner;
  elsif not exists (select from public.entity_links where concat(entity_type, entity_id, title) <> '') then
    alter table public.entity_links drop column entity_type, drop column entity_id, drop column title;
  end if;
  if exists (select from hq.created_tables where name = 'agent_budgets') then
    alter table public.agent_budgets rename column current_period_cost_usd to current_period_spend_usd;
  end if;
end
$$;
alter table public.tasks add column if not exists assignee_type text check (assignee_type in ('human', 'agent', 'system'));
alter table public.entity_links add column if not exists target_type text;
alter table public.entity_links add column if not exists target_id uuid;

alter table hq.meter rename to rate_counters;
alter table hq.rate_counters rename constraint meter_pkey to rate_counters_pkey;
alter table public.chat_deliveries rename column said_hash to request_hash;

-- As in schema/chat/tables.sql. The rows that are there need their platforms before `hq-db migrate` fills the table.
create table hq.chat_platforms (
  name text primary key,
  user_scope text not null check (user_scope in ('install', 'platform')),
  direct_field text not null check (direct_field in ('channel', 'install')),
  direct_rule text not null check (direct_rule in ('starts with', 'equals', 'equals user')),
  direct_value text not null,
  shared_accounts text[] not null
);
insert into hq.chat_platforms
select p, 'install', 'channel', 'equals', '', '{}' from unnest(array['slack', 'discord', 'telegram']) p;
alter table public.chat_identities drop constraint chat_identities_platform_check,
  add foreign key (platform) references hq.chat_platforms (name);
alter table public.chat_channels drop constraint chat_channels_platform_check,
  add foreign key (platform) references hq.chat_platforms (name);
alter table public.chat_subscriptions drop constraint chat_subscriptions_platform_check,
  add foreign key (platform) references hq.chat_platforms (name);
alter table public.chat_adapters drop constraint chat_adapters_platform_check,
  add foreign key (platform) references hq.chat_platforms (name);

comment on schema hq is 'Policy rows, the ledger and internal functions of HQ. PostgREST does not expose it.';
