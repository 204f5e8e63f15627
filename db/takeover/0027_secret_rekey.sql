-- Changing the key itself: every row is read, encrypted anew where the key is, and put back in place of exactly what was read.

create or replace function public.secret_envelopes(p_after uuid default null, p_limit int default 500) returns json language sql stable security definer
set search_path = '' as $$
  select coalesce(json_agg(json_build_object('id', e.id, 'encrypted_value', coalesce(e.encrypted_value, '')) order by e.id), '[]')
  from (
    select s.id, s.encrypted_value from public.secrets s
    where p_after is null or s.id > p_after
    order by s.id limit greatest(1, least(coalesce(p_limit, 500), 5000))
  ) e
$$;
revoke all on function public.secret_envelopes(uuid, int) from public, anon, authenticated;
grant execute on function public.secret_envelopes(uuid, int) to service_role;

-- A value that was rotated since it was read is newer and stays. The values stay the same, so no state and no revision moves; the
-- last call lets every gateway with secrets read again, whoever has replaced its rows, and however often it began anew.
create or replace function public.replace_envelopes(p_rows jsonb, p_actor uuid default null, p_last boolean default false) returns json language plpgsql
security definer set search_path = '' as $$
declare
  v_rekeying text := coalesce(current_setting('hq.rekeying', true), '');
  v_replaced json;
begin
  if exists (
    select from jsonb_to_recordset(coalesce(p_rows, '[]')) r (new text)
    where coalesce(r.new, '') !~ '^enc:v1:[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$')
  then
    raise exception 'a new value is not encrypted' using errcode = '22023', column = 'new';
  end if;
  perform set_config('hq.rekeying', 'on', true);
  perform from public.secrets s where s.id in (select r.id from jsonb_to_recordset(coalesce(p_rows, '[]')) r (id uuid))
  order by s.id for no key update;
  with wanted as (
    select r.id, r.old, r.new from jsonb_to_recordset(coalesce(p_rows, '[]')) r (id uuid, old text, new text)
  ), replaced as (
    update public.secrets s set encrypted_value = w.new
    from wanted w
    where s.id = w.id and s.encrypted_value = w.old
    returning s.id
  )
  select coalesce(json_agg(r.id order by r.id), '[]') into v_replaced from replaced r;
  perform set_config('hq.rekeying', v_rekeying, true);

  if p_last then
    perform hq.write_audit(jsonb_build_object(
      'tenant_id', t.tenant_id,
      'actor_type', case when p_actor is null then 'system' else 'human' end,
      'actor_user_id', p_actor,
      'module', 'secrets',
      'entity_type', 'secret',
      'action', 'secret.rekeyed',
      'summary', format('%s encrypted under the present key', case t.secrets when 1 then '1 secret' else t.secrets || ' secrets' end),
      'meta', jsonb_build_object('secrets', t.secrets)))
    from (select s.tenant_id, count(*) as secrets from public.secrets s group by s.tenant_id) t;
    perform hq.move_secrets_version(array(select distinct s.gateway_id from public.secrets s));
  end if;
  return v_replaced;
end
$$;
revoke all on function public.replace_envelopes(jsonb, uuid, boolean) from public, anon, authenticated;
grant execute on function public.replace_envelopes(jsonb, uuid, boolean) to service_role;
