import type pg from 'pg';
import { actionRows } from './action-rows.ts';

/** An action whose row in the database differs from the catalogue. */
export interface PolicyDrift {
  readonly action: string;
  readonly how: 'missing' | 'different' | 'extra' | 'not in the enum';
}

/** Returns the changes that `syncPolicy` would make. */
export async function findPolicyDrift(client: pg.Client): Promise<PolicyDrift[]> {
  const { rows } = await client.query<PolicyDrift>(
    `with wanted as (select * from jsonb_populate_recordset(null::hq.actions, $1)),
          labels as (select enumlabel from pg_enum where enumtypid = 'public.command_action'::regtype)
     select coalesce(w.name, a.name) as action,
       case when a.name is null then 'missing' when w.name is null then 'extra' else 'different' end as how
     from wanted w full join hq.actions a on a.name = w.name
     where to_jsonb(w) is distinct from to_jsonb(a)
     union all
     select w.name, 'not in the enum' from wanted w where w.name not in (select enumlabel from labels)
     order by 1, 2`,
    [JSON.stringify(actionRows())],
  );
  return rows;
}

/** Makes `hq.actions` and the enum of actions say what the catalogue says. */
export async function syncPolicy(client: pg.Client): Promise<void> {
  const rows = actionRows();
  for (const { name } of rows) {
    await client.query(
      `alter type public.command_action add value if not exists ${client.escapeLiteral(name)}`,
    );
  }
  const wanted = JSON.stringify(rows);
  await client.query(
    `delete from hq.actions a
     where not exists (select from jsonb_populate_recordset(null::hq.actions, $1) w where to_jsonb(w) = to_jsonb(a))`,
    [wanted],
  );
  await client.query(
    'insert into hq.actions select * from jsonb_populate_recordset(null::hq.actions, $1) on conflict do nothing',
    [wanted],
  );
}
