-- The queue of commands. Its functions have no fencing and take whatever is there, a paused gateway's and another program's too.
create type public.command_status as enum ('pending', 'leased', 'running', 'done', 'failed', 'cancelled');
create type public.command_action as enum (
  'provision', 'update', 'remove', 'update_all', 'restart_gateway', 'restart_dispatcher', 'update_gateway', 'approve_pairing',
  'set_agent_model', 'list_models', 'auth_set_api_key', 'auth_start', 'auth_paste', 'auth_list', 'auth_refresh', 'auth_remove',
  'auth_set_default', 'source_write', 'collection_list', 'collection_query', 'collection_record_create', 'collection_record_update',
  'deploy', 'redeploy', 'rebuild', 'sync', 'sync_skills', 'sync_workspace', 'rotate_token', 'install_skill', 'remove_skill', 'run_script',
  'shutdown');
create table public.agent_commands (
  id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id) on delete cascade,
  agent_id uuid references public.agents (id) on delete set null, agent_slug text,
  gateway_id uuid references public.gateways (id), action public.command_action not null, payload jsonb default '{}',
  status public.command_status not null default 'pending', leased_at timestamptz, leased_until timestamptz,
  started_at timestamptz, completed_at timestamptz, exit_code int, stdout text, stderr text, error_message text,
  requested_by uuid references auth.users (id), meta jsonb not null default '{}'
);

create function public.lease_command(p_lease_seconds integer default 300, p_gateway_slug text default null)
returns setof public.agent_commands language plpgsql as $$
declare
  v_gateway uuid;
  v_id uuid;
begin
  if p_gateway_slug is not null then
    select g.id into strict v_gateway from public.gateways g where g.slug = p_gateway_slug;
  end if;
  select c.id into v_id from public.agent_commands c
  where (v_gateway is null or c.gateway_id is null or c.gateway_id = v_gateway)
    and (c.status = 'pending' or (c.status = 'leased' and c.leased_until < now()))
  order by c.created_at limit 1 for update skip locked;
  return query update public.agent_commands c
  set status = 'leased', leased_at = now(), leased_until = now() + make_interval(secs => p_lease_seconds), updated_at = now()
  where c.id = v_id returning c.*;
end $$;
create function public.start_command(p_command_id uuid) returns void language sql as $$
  update public.agent_commands set status = 'running', started_at = now() where id = p_command_id $$;
create function public.complete_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text)
returns void language sql as $$
  update public.agent_commands set status = 'done', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout,
    stderr = p_stderr where id = p_command_id $$;
create function public.fail_command(p_command_id uuid, p_exit_code integer, p_stdout text, p_stderr text, p_error text)
returns void language sql as $$
  update public.agent_commands set status = 'failed', completed_at = now(), exit_code = p_exit_code, stdout = p_stdout,
    stderr = p_stderr, error_message = p_error where id = p_command_id $$;
