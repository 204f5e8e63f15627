-- Who is refused by a channel's ceiling is told so: another role would not help them there, and a direct message does.
create or replace function hq.require_role(p_tenant uuid, p_role public.member_role, p_what text) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_ceiling public.member_role := nullif(current_setting('hq.ceiling', true), '');
  v_role public.member_role;
begin
  if hq.caller_role() not in ('authenticated', 'anon') then
    return;
  end if;
  if hq.caller_role() = 'anon' or auth.uid() is null then
    raise exception 'you are not signed in' using errcode = '28000', hint = 'Sign in and try again.';
  end if;
  v_role := public.member_role_of_caller();
  if v_role is null or p_tenant is distinct from public.current_tenant_id() then
    raise exception 'you are not a member of this tenant'
      using errcode = '42501', hint = 'Ask an admin to add you.';
  end if;
  if v_role < p_role and v_ceiling < p_role then
    raise exception '% needs the role %; this channel allows % and below', p_what, p_role, v_ceiling
      using errcode = '42501', hint = format('Try it in a direct message, or let an admin say here: bind %s.', p_role);
  end if;
  if v_role < p_role then
    raise exception '% needs the role %; yours is %', p_what, p_role, v_role
      using errcode = '42501', hint = format('Ask an admin for the role %s.', p_role);
  end if;
end
$$;
