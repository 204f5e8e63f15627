-- What the runner calls: everything that it lays into files in one read, what became of it in one request, and the version of it in
-- the answer to every turn.

-- An older HQ may hold rows without a value: they come as an empty one, which is no envelope.
create or replace function public.secrets_snapshot(p_gateway_id uuid) returns json language sql stable security definer
set search_path = '' as $$
  select json_build_object(
    'version', (select g.secrets_version from public.gateways g where g.id = p_gateway_id),
    'agents', (select coalesce(json_agg(json_build_object('id', a.id, 'slug', a.slug) order by a.slug), '[]')
      from public.agents a where a.gateway_id = p_gateway_id),
    'secrets', (
      select coalesce(json_agg(json_build_object('id', s.id, 'agent_id', s.agent_id, 'agent_slug', a.slug, 'key', s.key,
        'encrypted_value', coalesce(s.encrypted_value, ''), 'category', s.category, 'revision', s.revision, 'sync_status', s.sync_status,
        'sync_error', s.sync_error) order by s.id), '[]')
      from public.secrets s left join public.agents a on a.id = s.agent_id and a.gateway_id = p_gateway_id
      where s.gateway_id = p_gateway_id))
$$;
revoke all on function public.secrets_snapshot(uuid) from public, anon, authenticated;
grant execute on function public.secrets_snapshot(uuid) to service_role;

-- Writes only the rows that are otherwise now; a result of an earlier value is nobody's any more.
create or replace function public.secrets_synced(p_gateway_id uuid, p_results jsonb) returns int language plpgsql security definer
set search_path = '' as $$
declare
  v_written int;
begin
  perform from public.secrets s
  where s.gateway_id = p_gateway_id and s.id in (select r.id from jsonb_to_recordset(coalesce(p_results, '[]')) r (id uuid))
  order by s.id for no key update;
  with told as (
    select distinct on (r.id) r.id, r.revision, r.status,
      case when r.status in ('error', 'waiting') then left(r.error, 500) end as error
    from jsonb_to_recordset(coalesce(p_results, '[]')) r (id uuid, revision bigint, status text, error text)
    where r.status in ('active', 'error', 'waiting')
    order by r.id
  ), differing as (
    select s.id, t.status, t.error from public.secrets s join told t on t.id = s.id
    where s.gateway_id = p_gateway_id and s.revision = t.revision
      and (s.sync_status::text, s.sync_error) is distinct from (t.status, t.error)
  )
  update public.secrets s
  set sync_status = (jsonb_populate_record(null::public.secrets, jsonb_build_object('sync_status', d.status))).sync_status,
    sync_error = d.error,
    last_synced_at = case d.status when 'active' then clock_timestamp() else s.last_synced_at end
  from differing d where s.id = d.id;
  get diagnostics v_written = row_count;
  return v_written;
end
$$;
revoke all on function public.secrets_synced(uuid, jsonb) from public, anon, authenticated;
grant execute on function public.secrets_synced(uuid, jsonb) to service_role;

-- As in 0012, and with the version of the gateway's secrets.
create or replace function public.runner_turn(
  p_gateway_id uuid,
  p_runner_id text,
  p_claim int default 0,
  p_lease_seconds int default 60,
  p_renew uuid[] default '{}',
  p_output jsonb default '[]',
  p_progress jsonb default '[]',
  p_results jsonb default '[]',
  p_beat jsonb default null
) returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  v_lease int := greatest(1, least(coalesce(p_lease_seconds, 60), 3600));
  v_limit int := greatest(0, least(coalesce(p_claim, 0), 1000));
  v_fence text := coalesce(current_setting('hq.fenced', true), '');
  v_status public.gateway_status;
  v_secrets bigint;
  v_lost text[];
  v_claimed jsonb := '[]';
begin
  perform set_config('hq.fenced', 'on', true);
  if v_limit > 0 or p_beat is not null then
    select g.status into v_status from public.gateways g where g.id = p_gateway_id for no key update;
  end if;
  v_lost := hq.take_output(p_output) || hq.take_progress(p_progress) || hq.take_results(p_results)
    || hq.renew(p_renew, v_lease);
  perform hq.sweep();
  if p_beat is not null then
    perform hq.beat(p_gateway_id, p_beat);
  end if;
  select g.status, g.secrets_version into v_status, v_secrets from public.gateways g where g.id = p_gateway_id;
  if v_limit > 0 and v_status is not null then
    v_claimed := hq.hand_over_again(p_gateway_id, p_runner_id, p_renew, v_lease)
      || hq.claim(p_gateway_id, v_status in ('paused', 'hibernating'), p_runner_id, v_limit, v_lease);
  end if;
  perform set_config('hq.fenced', v_fence, true);
  return jsonb_build_object(
    'now', clock_timestamp(),
    'gateway_status', v_status,
    'secrets_version', v_secrets,
    'claimed', v_claimed,
    'cancel', (select coalesce(jsonb_agg(c.lease_token), '[]') from public.agent_commands c
      where c.lease_token = any (p_renew) and c.status in ('leased', 'running') and c.cancel_requested_at is not null),
    'lost', (select coalesce(jsonb_agg(distinct l), '[]') from unnest(v_lost) l),
    'sweep_in_ms', (select ceil(extract(epoch from min(c.leased_until) - clock_timestamp()) * 1000)
      from public.agent_commands c
      where c.gateway_id = p_gateway_id and c.status = 'running' and c.lease_token is not null
        and c.lease_token <> all (p_renew) and c.runner_id is distinct from p_runner_id));
end
$$;
