-- Two programs with different tokens beat at once: each holds its own rows, and may want one that the other holds. The sweep, which
-- takes away what is known by an old token, waits for none of them; what is held now is swept with the next beat.
create or replace function hq.sweep_adapters(p_tenant uuid) returns void language plpgsql
set search_path = '' as $$
begin
  -- The token was changed: what is known by the old one is history. One that was wrong never told whose it is.
  delete from public.chat_adapters d where (d.platform, d.fingerprint) in (
    select o.platform, o.fingerprint
    from public.chat_adapters o, public.chat_adapters n
    where o.tenant_id = p_tenant and n.tenant_id = p_tenant and n.platform = o.platform
      and (n.install = o.install or o.install is null)
      and n.fingerprint <> o.fingerprint and o.held_until <= clock_timestamp() and n.held_until > clock_timestamp()
    for update of o skip locked);
  perform hq.notify(jsonb_build_object(
    'tenant_id', p_tenant, 'type', 'bot_disconnected', 'severity', 'error', 'subject', 'adapter:' || a.platform,
    'dedup_key', format('bot_disconnected:%s:%s', a.platform, left(a.fingerprint, 12)),
    'title', format('the %s bot is not connected', initcap(a.platform)), 'body', coalesce(a.detail, a.state),
    'actor_type', 'system', 'meta', jsonb_build_object('platform', a.platform, 'install', a.install, 'state', a.state)))
  from public.chat_adapters a
  where a.tenant_id = p_tenant and hq.is_disconnected(a)
    and not hq.alert_lasts(p_tenant, format('bot_disconnected:%s:%s', a.platform, left(a.fingerprint, 12)));
  perform hq.resolve_alert(p_tenant, n.dedup_key)
  from public.notifications n
  where n.tenant_id = p_tenant and n.resolved_at is null and n.dedup_key like 'bot\_disconnected:%'
    and not exists (select from public.chat_adapters a where a.tenant_id = p_tenant and a.platform = split_part(n.dedup_key, ':', 2)
      and left(a.fingerprint, 12) = split_part(n.dedup_key, ':', 3) and hq.is_disconnected(a));
end
$$;
