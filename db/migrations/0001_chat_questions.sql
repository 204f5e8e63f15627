-- The message of an open confirmation and its title, so that the next process shows when it has expired.
alter table public.chat_confirmations add column if not exists question jsonb;
