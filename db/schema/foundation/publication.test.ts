import { expect, test } from 'vitest';
import { cloneDatabase } from '../../testing/database.ts';

test('tables that clients and runners watch are published, and none that holds a token', async () => {
  const database = await cloneDatabase();
  try {
    const published = await database.query<{ tablename: string }>(
      `select tablename from pg_publication_tables where pubname = 'supabase_realtime' order by 1`,
    );
    expect(published.map(({ tablename }) => tablename)).toEqual([
      'agent_activity',
      'agent_command_output',
      'agent_commands',
      'agent_conditions',
      'agent_inbox_items',
      'agent_questions',
      'agent_routines',
      'agents',
      'audit_log',
      'chat_adapters',
      'chat_channels',
      'chat_identities',
      'gateways',
      'notifications',
      'pairing_requests',
      'secrets',
      'tenant_members',
      'workspace',
    ]);
  } finally {
    await database.drop();
  }
});
