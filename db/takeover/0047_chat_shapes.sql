-- What is no delivery at all is refused like any other that is wrong, and not by an exception: refusals are answers.
do $$
begin
  execute replace(pg_get_functiondef('hq.chat_call'::regproc), 'jsonb_build_array(p_chat - ''delivery'', p_said)',
    'jsonb_build_array(case when jsonb_typeof(p_chat) = ''object'' then p_chat - ''delivery'' end, p_said)');
end
$$;
