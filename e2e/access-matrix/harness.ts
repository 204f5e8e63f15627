import { botAccount, type Platforms, startBots, startPlatforms } from '../../bots/testing/bots-process.ts';
import { nilTenant } from '../../db/testing/database.ts';
import { eventually } from '../../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../../local/testing/stack.ts';

/** Texts that only members of this HQ may read: no message to others may contain one. */
export const confidential = ['kestrel-nine', 'Velvet Harbour', 'Quartz Lantern', 'Marble Falcon'];

type Role = 'viewer' | 'operator' | 'admin';

/** `hq-bots` as a process, three platforms on loopback, and an HQ with confidential rows. */
export interface AccessHarness {
  readonly stack: TestStack;
  readonly platforms: Platforms;
  /** Links an account to a member, by default of this HQ. */
  link(
    platform: string,
    account: { install: string; user: string },
    role: Role,
    more?: Linked,
  ): Promise<void>;
  bind(platform: string, place: { install: string; channel: string }): Promise<void>;
  /** Returns the number of audited refusals of the account. */
  refusals(platform: string, user: string): Promise<number>;
  /** Resolves when no message waits to be sent. */
  idle(): Promise<void>;
  /** Returns everything that the attempts could have changed. */
  state(): Promise<unknown>;
  close(): Promise<void>;
}

interface Linked {
  readonly tenant?: string;
  readonly revoked?: boolean;
}

export async function startAccessHarness(): Promise<AccessHarness> {
  const [stack, platforms] = await Promise.all([startTestStack(), startPlatforms()]);
  const { database } = stack;
  await fill(stack);
  const bots = startBots({ ...(await botAccount(stack)), ...platforms.env });
  await bots.connected();
  return {
    stack,
    platforms,
    async link(platform, { install, user }, role, { tenant = nilTenant, revoked = false } = {}) {
      const { id } = await stack.createMember(role, { tenant });
      await database.query(
        `insert into chat_identities (tenant_id, user_id, platform, install, chat_user, revoked_at)
         values ($1, $2, $3, $4, $5, case when $6 then now() end)`,
        [tenant, id, platform, install, user, revoked],
      );
    },
    async bind(platform, { install, channel }) {
      await database.query(
        `insert into chat_channels (platform, install, channel, ceiling) values ($1, $2, $3, 'admin')`,
        [platform, install, channel],
      );
    },
    async refusals(platform, user) {
      const rows = await database.query(
        `select 1 from audit_log where action = 'chat.refused' and meta ->> 'platform' = $1
           and meta ->> 'install' <> '' and meta ->> 'channel' <> ''
           and regexp_replace(meta ->> 'user', '^(bot|anonymous|outsider):', '') = $2`,
        [platform, user],
      );
      return rows.length;
    },
    idle: () =>
      eventually(async () => {
        const { adapters } = await bots.health();
        if (adapters.some(({ unsent }) => unsent > 0)) throw new Error('something waits to be sent');
      }),
    async state() {
      const [row] = await database.query(
        `select (select count(*) from agent_commands) as commands, (select count(*) from tasks) as tasks,
           (select count(*) from chat_confirmations) as questions,
           (select count(*) from chat_confirmations where decided_at is not null) as decided,
           (select count(*) from chat_identities where revoked_at is null) as links,
           (select count(*) from chat_subscriptions) as subscriptions,
           (select jsonb_agg(to_jsonb(c)) from chat_channels c) as channels,
           (select jsonb_agg(a.status order by a.slug) from agents a) as agents`,
      );
      return row;
    },
    async close() {
      bots.child.kill('SIGTERM');
      await bots.exit;
      await platforms.close();
      await stack.close();
    },
  };
}

async function fill({ database }: TestStack): Promise<void> {
  const [agent, task, gateway, alert] = confidential;
  const [home] = await database.query<{ id: string }>(
    `update gateways set label = $1 where tenant_id = $2 returning id`,
    [gateway, nilTenant],
  );
  await database.addAgent(agent ?? '', home?.id ?? null);
  await database.query(`insert into tasks (title) values ($1)`, [task]);
  await database.query(
    `insert into notifications (type, title, severity) values ('gateway_stale', $1, 'error')`,
    [alert],
  );
  await database.query(
    `insert into workspace (settings) values ('{"chat": {"second_person": ["restart_dispatcher"]}}')`,
  );
  await database.query(`update hq.actions set danger = 'destructive' where name = 'pause_gateway'`);
}
