-- A row points only at rows of its own tenant. Foreign keys do not know of tenants, and they see past the policies: without
-- this a member could hang a task on another tenant's agent by its id.

-- Arguments in pairs: a column, and the table of `public` that it points at. What is another tenant's looks as if it did not exist.
create or replace function hq.refuse_foreign_rows() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_row jsonb := to_jsonb(new);
  v_found boolean;
begin
  for n in 0 .. tg_nargs - 1 by 2 loop
    continue when v_row ->> tg_argv[n] is null;
    continue when tg_op = 'UPDATE' and v_row -> tg_argv[n] = to_jsonb(old) -> tg_argv[n]
      and v_row -> 'tenant_id' = to_jsonb(old) -> 'tenant_id';
    execute format('select exists (select from public.%I t where t.id = $1::uuid and t.tenant_id = $2::uuid)', tg_argv[n + 1])
      into v_found using v_row ->> tg_argv[n], v_row ->> 'tenant_id';
    if not v_found then
      raise exception 'there is no such row of %', tg_argv[n + 1]
        using errcode = 'P0002', column = tg_argv[n], table = tg_table_name;
    end if;
  end loop;
  return new;
end
$$;

create or replace trigger hq_refuse_foreign_rows before insert or update on public.tasks for each row
execute function hq.refuse_foreign_rows('assignee_agent_id', 'agents', 'parent_id', 'tasks');
create or replace trigger hq_refuse_foreign_rows before insert or update on public.comments for each row
execute function hq.refuse_foreign_rows('actor_agent_id', 'agents', 'parent_id', 'comments');
create or replace trigger hq_refuse_foreign_rows before insert or update on public.entity_links for each row
execute function hq.refuse_foreign_rows('submitted_by_agent_id', 'agents');
create or replace trigger hq_refuse_foreign_rows before insert or update on public.task_relations for each row
execute function hq.refuse_foreign_rows('task_id', 'tasks', 'related_task_id', 'tasks');
create or replace trigger hq_refuse_foreign_rows before insert or update on public.gateway_registration_tokens for each row
execute function hq.refuse_foreign_rows('consumed_by_gateway_id', 'gateways');
