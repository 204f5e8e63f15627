-- An alert is one row for as long as it lasts: it counts how often it came, says when it was over, and may be muted.

alter table public.notifications add column if not exists severity text not null default 'info'
  check (severity in ('info', 'warning', 'error', 'critical'));
-- What it is about, as `gateway:<id>`, `agent:<id>` … : what a mute silences.
alter table public.notifications add column if not exists subject text;
alter table public.notifications add column if not exists dedup_key text;
alter table public.notifications add column if not exists occurrences int not null default 1;
alter table public.notifications add column if not exists last_at timestamptz not null default clock_timestamp();
alter table public.notifications add column if not exists resolved_at timestamptz;
alter table public.notifications add column if not exists muted boolean not null default false;

create unique index if not exists notifications_lasting on public.notifications (tenant_id, dedup_key)
where dedup_key is not null and resolved_at is null and dismissed_at is null;
create index if not exists notifications_unresolved on public.notifications (tenant_id, dedup_key)
where dedup_key is not null and resolved_at is null;
-- For faces that follow what changed since they last looked.
create index if not exists notifications_latest on public.notifications (tenant_id, last_at desc);

update public.notifications n set last_at = n.created_at,
  severity = case n.type::text when 'command_failed' then 'error' when 'budget_exceeded' then 'error' else 'warning' end
where n.severity = 'info' and n.type::text in ('command_failed', 'budget_warned', 'budget_exceeded');

-- `last_at` moves with everything that a face would show differently.
create or replace function hq.touch_alert() returns trigger language plpgsql
set search_path = '' as $$
begin
  new.last_at := clock_timestamp();
  return new;
end
$$;
create or replace trigger hq_touch_alert before update on public.notifications
for each row when ((new.read_at, new.dismissed_at, new.resolved_at, new.muted, new.occurrences)
  is distinct from (old.read_at, old.dismissed_at, old.resolved_at, old.muted, old.occurrences))
execute function hq.touch_alert();

create table if not exists public.alert_mutes (
  tenant_id uuid not null default hq.nil_tenant() references public.tenants (id) on delete cascade,
  type text not null,
  subject text not null,
  until timestamptz not null,
  muted_by uuid,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, type, subject)
);
select hq.guard_table('public.alert_mutes', 'viewer', null, null, null);

create or replace function hq.subject_of(p_alert public.notifications) returns text language sql stable
set search_path = '' as $$
  select coalesce(p_alert.subject, concat_ws(':', p_alert.entity_type, p_alert.entity_id), p_alert.type::text)
$$;

-- Writes an alert, or counts it where one with its key lasts. What is muted is written down and told to nobody.
create or replace function hq.notify(p_notification jsonb) returns void language plpgsql
set search_path = '' as $$
declare
  v_row public.notifications := jsonb_populate_record(null::public.notifications, p_notification);
  v_muted boolean;
begin
  v_muted := exists (
    select from public.alert_mutes m
    where m.tenant_id = v_row.tenant_id and m.type = v_row.type::text and m.subject = hq.subject_of(v_row)
      and m.until > clock_timestamp());
  insert into public.notifications as n
    (tenant_id, type, title, body, entity_type, entity_id, actor_type, actor_agent_id, meta, severity, subject, dedup_key, muted)
  values (v_row.tenant_id, v_row.type, v_row.title, v_row.body, v_row.entity_type, v_row.entity_id, v_row.actor_type,
    v_row.actor_agent_id, coalesce(v_row.meta, '{}'), coalesce(v_row.severity, 'info'), v_row.subject, v_row.dedup_key, v_muted)
  on conflict (tenant_id, dedup_key) where dedup_key is not null and resolved_at is null and dismissed_at is null do update
  set occurrences = n.occurrences + 1, title = excluded.title, body = excluded.body,
    severity = excluded.severity, meta = excluded.meta, muted = excluded.muted;
end
$$;

-- Whether what it tells of still goes on, be it that somebody does not want to see it any more.
create or replace function hq.alert_lasts(p_tenant uuid, p_dedup_key text) returns boolean language sql stable
set search_path = '' as $$
  select exists (select from public.notifications n where n.tenant_id = p_tenant and n.dedup_key = p_dedup_key and n.resolved_at is null)
$$;

-- What the alert told of is over. Costs nothing where none lasts.
create or replace function hq.resolve_alert(p_tenant uuid, p_dedup_key text) returns void language sql
set search_path = '' as $$
  update public.notifications n set resolved_at = clock_timestamp()
  where n.tenant_id = p_tenant and n.dedup_key = p_dedup_key and n.resolved_at is null
$$;
