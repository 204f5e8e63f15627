import pg from 'pg';
import { expect, test } from 'vitest';
import { cloneDatabase, nilTenant, service, type TestDatabase } from '../../testing/database.ts';
import { claimOne } from '../../testing/exchange.ts';

const claims: Readonly<Record<string, (database: TestDatabase, gateway: string) => Promise<unknown>>> = {
  'a runner claims': claimOne,
  'an older daemon leases': async (database) =>
    (await database.as(service, `select id from lease_command(60, 'referred')`))[0],
};

test.each(Object.keys(claims))(
  '%s a command while somebody writes a row that refers to it',
  async (claim) => {
    const database = await cloneDatabase();
    const writer = new pg.Client({ connectionString: database.url });
    try {
      const gateway = await database.addGateway('referred');
      const [command] = await database.query<{ id: string }>(
        `insert into agent_commands (action, gateway_id) values ('restart_gateway', $1) returning id`,
        [gateway],
      );
      await writer.connect();
      await writer.query('begin');
      await writer.query(
        `insert into chat_cards (tenant_id, command_id, platform, install, channel, handle, shown)
       values ($2, $1, 'slack', 'T1', 'C1', '{}', 'pending')`,
        [command?.id, nilTenant],
      );
      expect(await claims[claim]?.(database, gateway)).toMatchObject({ id: command?.id });
      await writer.query('rollback');
    } finally {
      await writer.end();
      await database.drop();
    }
  },
);
