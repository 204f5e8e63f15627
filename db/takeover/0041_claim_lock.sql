-- A claim passes over rows that somebody holds. Whoever writes a row that refers to a command (its card in a chat, its output)
-- holds it too, but only against a change of its key, which a claim does not change: with the weaker lock a command that was just
-- confirmed in a chat is claimed at once, and not at the next poll.
do $$
begin
  execute replace(pg_get_functiondef('hq.claim'::regproc), 'for update skip locked', 'for no key update skip locked');
end
$$;
