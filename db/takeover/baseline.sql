-- Brings the result of the migrations in this folder to the baseline, which says the same under better names.
alter table hq.actions rename column hand to executor;
alter table hq.actions rename constraint actions_hand_check to actions_executor_check;

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
