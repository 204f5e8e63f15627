-- A command that somebody writes a card or output for is leased to an older daemon as well. The older HQ's own function stays as it
-- is: only ours knows of lease tokens.
do $$
begin
  if pg_get_functiondef('public.lease_command(int,text)'::regprocedure) like '%c.lease_token is null%' then
    execute replace(pg_get_functiondef('public.lease_command(int,text)'::regprocedure), 'for update of c skip locked',
      'for no key update of c skip locked');
  end if;
end
$$;
