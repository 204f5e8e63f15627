-- Who may do what is itself worth a line in the audit log: who let whom in, raised them, put them out.

select hq.teach_enum('public.audit_log', 'module', '{members}');
select hq.teach_enum('public.audit_log', 'entity_type', '{member}');
select hq.teach_enum('public.audit_log', 'action', '{member.added,member.changed,member.removed}');

create or replace function hq.audit_member() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
  v_member public.tenant_members := case when tg_op = 'DELETE' then old else new end;
  v_name text := coalesce((select u.email from auth.users u where u.id = v_member.user_id), v_member.user_id::text);
begin
  -- A tenant that is being deleted takes its members and its log along.
  if exists (select from public.tenants t where t.id = v_member.tenant_id) then
    perform hq.write_audit(jsonb_build_object(
      'tenant_id', v_member.tenant_id,
      'actor_type', case when auth.uid() is null then 'system' else 'human' end,
      'actor_user_id', auth.uid(),
      'module', 'members',
      'entity_type', 'member',
      'entity_id', v_member.user_id,
      'action', case tg_op when 'INSERT' then 'member.added' when 'UPDATE' then 'member.changed' else 'member.removed' end,
      'summary', case tg_op when 'INSERT' then format('%s added as %s', v_name, new.role)
        when 'UPDATE' then format('%s made %s, was %s', v_name, new.role, old.role)
        else format('%s removed, was %s', v_name, old.role) end));
  end if;
  return null;
end
$$;
create or replace trigger hq_audit_member after insert or delete on public.tenant_members
for each row execute function hq.audit_member();
create or replace trigger hq_audit_member_role after update of role on public.tenant_members
for each row when (new.role <> old.role) execute function hq.audit_member();
