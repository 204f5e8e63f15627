-- What is kept of secrets: who made, changed and deleted them, and an alert while some of them are not on their gateway. Neither
-- ever holds a value or a ciphertext.

select hq.teach_enum('public.audit_log', 'module', '{secrets}');
select hq.teach_enum('public.audit_log', 'entity_type', '{secret}');
select hq.teach_enum('public.audit_log', 'action',
  '{secret.created,secret.rotated,secret.moved,secret.noted,secret.deleted,secret.sync_failed,secret.rekeyed}');
select hq.teach_enum('public.notifications', 'type', '{secret_sync_failed}');
select hq.teach_enum('public.notifications', 'entity_type', '{gateway}');

-- An older HQ may log whole rows by triggers of its own, and members read the log.
create or replace function hq.keep_ciphertext_out() returns trigger language plpgsql
set search_path = '' as $$
declare
  c_envelope constant text := 'enc:v1:[A-Za-z0-9_.-]*';
begin
  new.summary := regexp_replace(new.summary, c_envelope, '[redacted]', 'g');
  new.changes := regexp_replace(new.changes::text, c_envelope, '[redacted]', 'g')::jsonb;
  new.meta := regexp_replace(new.meta::text, c_envelope, '[redacted]', 'g')::jsonb;
  return new;
end
$$;
create or replace trigger hq_keep_ciphertext_out before insert on public.audit_log
for each row when (strpos(concat(new.summary, new.changes, new.meta), 'enc:v1:') > 0)
execute function hq.keep_ciphertext_out();

create or replace function hq.audit_secret(
  p_action text, p_id uuid, p_tenant uuid, p_gateway uuid, p_agent uuid, p_key text, p_revision bigint, p_reason text default null
) returns void language plpgsql set search_path = '' as $$
declare
  v_agent_slug text := (select a.slug from public.agents a where a.id = p_agent);
  -- The runner tells what became of a secret; everything else is somebody's doing.
  v_actor uuid := case when p_action <> 'secret.sync_failed' then auth.uid() end;
begin
  -- A tenant that is being deleted takes its secrets and its log along.
  if not exists (select from public.tenants t where t.id = p_tenant) then
    return;
  end if;
  perform hq.write_audit(jsonb_build_object(
    'tenant_id', p_tenant,
    'actor_type', case when v_actor is null then 'system' else 'human' end,
    'actor_user_id', v_actor,
    'module', 'secrets',
    'entity_type', 'secret',
    'entity_id', p_id,
    'action', p_action,
    'summary', format('%s on %s%s', p_key, concat_ws(' / ',
      coalesce((select g.slug from public.gateways g where g.id = p_gateway), 'a gateway that is gone'),
      case when p_agent is not null then coalesce(v_agent_slug, 'an agent that is gone') end), ': ' || p_reason),
    'meta', jsonb_build_object('key', p_key, 'gateway_id', p_gateway, 'agent_id', p_agent, 'agent_slug', v_agent_slug,
      'revision', p_revision, 'origin', hq.origin_or_api(current_setting('hq.secret_origin', true)))));
end
$$;

create or replace function hq.audit_secrets() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform hq.audit_secret('secret.created', n.id, n.tenant_id, n.gateway_id, n.agent_id, n.key, n.revision) from new_rows n;
  elsif tg_op = 'DELETE' then
    perform hq.audit_secret('secret.deleted', o.id, o.tenant_id, o.gateway_id, o.agent_id, o.key, o.revision) from old_rows o;
  elsif coalesce(current_setting('hq.rekeying', true), '') <> 'on' then
    perform hq.audit_secret(c.action, c.id, c.tenant_id, c.gateway_id, c.agent_id, c.key, c.revision, c.reason)
    from (
      select n.*, a.action, a.reason
      from old_rows o join new_rows n on n.id = o.id,
        lateral (values
          ('secret.rotated', n.encrypted_value is distinct from o.encrypted_value, null),
          ('secret.moved', (n.gateway_id, n.agent_id, n.key) is distinct from (o.gateway_id, o.agent_id, o.key), null),
          ('secret.noted', (n.note, n.name, n.category) is distinct from (o.note, o.name, o.category), null),
          ('secret.sync_failed', n.sync_status::text = 'error' and o.sync_status::text <> 'error', n.sync_error)
        ) a (action, happened, reason)
      where a.happened
    ) c;
  end if;
  return null;
end
$$;
create or replace trigger hq_audit_secrets_made after insert on public.secrets referencing new table as new_rows
for each statement execute function hq.audit_secrets();
create or replace trigger hq_audit_secrets_changed after update on public.secrets referencing old table as old_rows new table as new_rows
for each statement execute function hq.audit_secrets();
create or replace trigger hq_audit_secrets_deleted after delete on public.secrets referencing old table as old_rows
for each statement execute function hq.audit_secrets();

-- One alert for each gateway for as long as any secret of it fails: a wrong key fails for all of them at once.
create or replace function hq.alert_of_secrets(p_gateway uuid, p_tenant uuid, p_is_news boolean) returns void language plpgsql
set search_path = '' as $$
declare
  v_alert text := 'secret_sync_failed:' || p_gateway;
  v_failing int;
  v_first record;
begin
  select count(*) into v_failing from public.secrets s where s.gateway_id = p_gateway and s.sync_status = 'error';
  if v_failing = 0 then
    perform hq.resolve_alert(p_tenant, v_alert);
  elsif p_is_news then
    select s.key, s.sync_error into v_first from public.secrets s
    where s.gateway_id = p_gateway and s.sync_status = 'error' order by s.key, s.id limit 1;
    perform hq.notify(jsonb_build_object(
      'tenant_id', p_tenant,
      'type', 'secret_sync_failed',
      'title', format('%s not on %s', case v_failing when 1 then v_first.key || ' is' else v_failing || ' secrets are' end,
        coalesce((select g.slug from public.gateways g where g.id = p_gateway), 'a gateway that is gone')),
      'body', concat(v_first.key, ': ', coalesce(v_first.sync_error, 'no reason was given')),
      'entity_type', 'gateway',
      'entity_id', p_gateway,
      'actor_type', 'system',
      'severity', 'error',
      'subject', 'gateway:' || p_gateway,
      'dedup_key', v_alert,
      'meta', jsonb_build_object('gateway_id', p_gateway, 'failing', v_failing)));
  end if;
end
$$;

create or replace function hq.alert_secrets() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    perform hq.alert_of_secrets(g.gateway_id, g.tenant_id, false)
    from (select distinct o.gateway_id, o.tenant_id from old_rows o where o.sync_status::text = 'error') g
    where exists (select from public.tenants t where t.id = g.tenant_id);
  else
    perform hq.alert_of_secrets(g.gateway_id, g.tenant_id, g.is_news)
    from (
      select n.gateway_id, n.tenant_id, bool_or(n.sync_status::text = 'error' and o.sync_status::text <> 'error') as is_news
      from old_rows o join new_rows n on n.id = o.id
      where (n.sync_status::text = 'error') <> (o.sync_status::text = 'error')
      group by n.gateway_id, n.tenant_id
      order by n.gateway_id
    ) g;
  end if;
  return null;
end
$$;
create or replace trigger hq_alert_secrets_changed after update on public.secrets referencing old table as old_rows new table as new_rows
for each statement execute function hq.alert_secrets();
create or replace trigger hq_alert_secrets_deleted after delete on public.secrets referencing old table as old_rows
for each statement execute function hq.alert_secrets();
