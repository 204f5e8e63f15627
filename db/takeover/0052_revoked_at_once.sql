-- A platform that refuses a token will not take it back by waiting: that is told at once, what may mend itself after a minute.
create or replace function hq.is_disconnected(p_adapter public.chat_adapters) returns boolean language sql stable
set search_path = '' as $$
  select p_adapter.state <> 'stopped' and (p_adapter.last_beat_at < clock_timestamp() - interval '60 seconds'
    or p_adapter.state = 'revoked'
    or (p_adapter.state <> 'connected' and p_adapter.state_since < clock_timestamp() - interval '60 seconds'))
$$;
