-- The policy rows of the catalogue of actions. `hq-db migrate` fills and keeps them; nothing else writes here.

create table if not exists hq.actions (
  name text primary key,
  title text not null,
  target text not null check (target in ('gateway', 'agent')),
  role public.member_role not null,
  lane text not null check (lane in ('stack', 'agent', 'none')),
  retry text not null check (retry in ('safe', 'never')),
  max_attempts int not null check (max_attempts >= 1),
  timeout_seconds int not null check (timeout_seconds >= 1),
  while_paused boolean not null,
  payload_schema jsonb not null,
  served boolean not null,
  refusal text
);
comment on column hq.actions.served is 'whether HQ''s own runner leases it; the rest is for the daemons of an older HQ';
comment on column hq.actions.refusal is 'why nobody may ask for it, where that is so';

create or replace function hq.describe_range(p_schema jsonb) returns text language sql immutable parallel safe
set search_path = '' as $$
  select case
    when p_schema ? 'minimum' and p_schema ? 'maximum'
      then format(' from %s to %s', p_schema ->> 'minimum', p_schema ->> 'maximum')
    when p_schema ? 'minimum' then format(' of %s or more', p_schema ->> 'minimum')
    when p_schema ? 'maximum' then format(' of %s or less', p_schema ->> 'maximum')
    else '' end
$$;

create or replace function hq.describe_type(p_schema jsonb) returns text language sql immutable parallel safe
set search_path = '' as $$
  select case
    when p_schema ? 'enum' then 'one of ' || (select string_agg(e #>> '{}', ', ') from jsonb_array_elements(p_schema -> 'enum') e)
    when p_schema ? 'const' then (p_schema -> 'const') #>> '{}'
    else case p_schema ->> 'type'
      when 'integer' then 'a whole number' || hq.describe_range(p_schema)
      when 'number' then 'a number' || hq.describe_range(p_schema)
      when 'boolean' then 'true or false'
      when 'string' then 'a text'
        || case when p_schema ? 'minLength' then format(' of at least %s characters', p_schema ->> 'minLength') else '' end
        || case when p_schema ? 'maxLength' then format(' of at most %s characters', p_schema ->> 'maxLength') else '' end
        || case when p_schema ? 'pattern' then format(' that matches %s', p_schema ->> 'pattern') else '' end
      when 'object' then 'an object'
      when 'array' then 'a list'
      when 'null' then 'null'
      else 'something else' end
  end
$$;

-- The first thing that is wrong with a value, as {field, message}; null when nothing is. Knows the subset of JSON Schema
-- that the catalogue uses; `hq-db migrate` refuses a catalogue that uses more. Never repeats a value: it may be a secret.
create or replace function hq.find_fault(p_value jsonb, p_schema jsonb, p_field text default null) returns jsonb
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_type text := p_schema ->> 'type';
  v_here text := coalesce(p_field, 'the payload');
  v_key text;
  v_index int := 0;
  v_item jsonb;
  v_fault jsonb;
  v_ok boolean := true;
begin
  if v_type is not null then
    v_ok := case v_type
      when 'integer' then jsonb_typeof(p_value) = 'number' and trunc((p_value #>> '{}')::numeric) = (p_value #>> '{}')::numeric
      else jsonb_typeof(p_value) = v_type end;
  end if;
  if v_ok and p_schema ? 'enum' then
    v_ok := exists (select from jsonb_array_elements(p_schema -> 'enum') e where e = p_value);
  end if;
  if v_ok and p_schema ? 'const' then
    v_ok := p_schema -> 'const' = p_value;
  end if;
  if v_ok and jsonb_typeof(p_value) = 'number' then
    v_ok := coalesce((p_value #>> '{}')::numeric >= (p_schema ->> 'minimum')::numeric, true)
      and coalesce((p_value #>> '{}')::numeric <= (p_schema ->> 'maximum')::numeric, true);
  end if;
  if v_ok and jsonb_typeof(p_value) = 'string' then
    v_ok := coalesce(length(p_value #>> '{}') >= (p_schema ->> 'minLength')::int, true)
      and coalesce(length(p_value #>> '{}') <= (p_schema ->> 'maxLength')::int, true)
      and coalesce(p_value #>> '{}' ~ (p_schema ->> 'pattern'), true);
  end if;
  if not v_ok then
    return jsonb_build_object('field', p_field, 'message', format('%s must be %s', v_here, hq.describe_type(p_schema)));
  end if;

  if jsonb_typeof(p_value) = 'object' then
    for v_key in select jsonb_array_elements_text(p_schema -> 'required') loop
      if not p_value ? v_key then
        return jsonb_build_object(
          'field', concat_ws('.', p_field, v_key),
          'message', format('%s is missing: it must be %s', concat_ws('.', p_field, v_key),
            hq.describe_type(coalesce(p_schema -> 'properties' -> v_key, '{}'))));
      end if;
    end loop;
    for v_key, v_item in select * from jsonb_each(p_value) order by 1 loop
      if p_schema -> 'properties' ? v_key then
        v_fault := hq.find_fault(v_item, p_schema -> 'properties' -> v_key, concat_ws('.', p_field, v_key));
        if v_fault is not null then
          return v_fault;
        end if;
      elsif p_schema -> 'additionalProperties' = 'false' then
        return jsonb_build_object(
          'field', concat_ws('.', p_field, left(v_key, 60)),
          'message', format('there is no field "%s"; %s', left(v_key, 60), coalesce(
            'allowed: ' || (select string_agg(k, ', ' order by k) from jsonb_object_keys(p_schema -> 'properties') k),
            'none is allowed here')));
      end if;
    end loop;
  end if;

  if jsonb_typeof(p_value) = 'array' and p_schema ? 'items' then
    for v_item in select * from jsonb_array_elements(p_value) loop
      v_fault := hq.find_fault(v_item, p_schema -> 'items', format('%s[%s]', coalesce(p_field, ''), v_index));
      if v_fault is not null then
        return v_fault;
      end if;
      v_index := v_index + 1;
    end loop;
  end if;
  return null;
end
$$;
