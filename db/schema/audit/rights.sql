comment on table public.audit_log is
  'Actions of people, agents and the database. Nobody but the service role changes or deletes a line.';

select hq.guard_table('public.audit_log', 'viewer', 'operator', null, null);
select hq.publish('public.audit_log');
