-- What the terminal shows of the chats while they are open: who is linked, where HQ works, and whether the bots are there.
select hq.publish(t) from unnest(array[
  'public.chat_identities', 'public.chat_channels', 'public.chat_adapters'
]::regclass[]) t;
