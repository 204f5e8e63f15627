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
