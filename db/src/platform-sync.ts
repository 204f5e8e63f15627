import { type ChatPlatform, chatPlatforms } from '@hq/shared/chat';
import { HqError } from '@hq/shared/errors';
import pg from 'pg';

/** A platform whose row in the database differs from the list. */
export interface PlatformDrift {
  readonly platform: string;
  readonly how: 'missing' | 'different' | 'extra';
}

const rowOf = ({ name, userScope, direct, sharedAccounts }: ChatPlatform) => ({
  name,
  user_scope: userScope,
  direct_field: direct.field,
  direct_rule: direct.rule,
  direct_value: 'value' in direct ? direct.value : '',
  shared_accounts: sharedAccounts,
});

/** Returns the changes that `syncPlatforms` would make. */
export async function findPlatformDrift(
  client: pg.Client,
  platforms: readonly ChatPlatform[] = chatPlatforms,
): Promise<PlatformDrift[]> {
  const { rows } = await client.query<PlatformDrift>(
    `select coalesce(w.name, p.name) as platform,
       case when p.name is null then 'missing' when w.name is null then 'extra' else 'different' end as how
     from jsonb_populate_recordset(null::hq.chat_platforms, $1) w full join hq.chat_platforms p on p.name = w.name
     where to_jsonb(w) is distinct from to_jsonb(p) order by 1`,
    [JSON.stringify(platforms.map(rowOf))],
  );
  return rows;
}

/** Makes `hq.chat_platforms` say what the list says. Throws `conflict` where a platform that was taken out still has links or channels. */
export async function syncPlatforms(
  client: pg.Client,
  platforms: readonly ChatPlatform[] = chatPlatforms,
): Promise<void> {
  const wanted = JSON.stringify(platforms.map(rowOf));
  await client.query(
    `insert into hq.chat_platforms select * from jsonb_populate_recordset(null::hq.chat_platforms, $1)
     on conflict (name) do update set user_scope = excluded.user_scope, direct_field = excluded.direct_field,
       direct_rule = excluded.direct_rule, direct_value = excluded.direct_value, shared_accounts = excluded.shared_accounts`,
    [wanted],
  );
  try {
    await client.query(
      `delete from hq.chat_platforms where name not in (select name from jsonb_populate_recordset(null::hq.chat_platforms, $1))`,
      [wanted],
    );
  } catch (cause) {
    if (!(cause instanceof pg.DatabaseError) || cause.code !== '23503') throw cause;
    throw new HqError('conflict', 'a chat platform that this release does not know is still in use', {
      hint: 'Delete its rows in chat_identities, chat_channels, chat_subscriptions and chat_adapters, then run hq-db migrate again.',
      cause,
    });
  }
}
