-- Who the ids in rows are: faces say who did something by their address. Who has left is no member any more, and has only an id.
create or replace function public.tenant_people() returns jsonb language sql stable security definer
set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('user_id', m.user_id, 'email', u.email, 'role', m.role,
    'is_bot', exists (select from public.chat_bots b where b.tenant_id = m.tenant_id and b.user_id = m.user_id))
    order by u.email, m.user_id), '[]')
  from public.tenant_members m left join auth.users u on u.id = m.user_id
  where m.tenant_id = (select public.current_tenant_id()) and (select public.member_role_of_caller()) is not null
$$;
revoke all on function public.tenant_people() from public, anon;
grant execute on function public.tenant_people() to authenticated, service_role;
