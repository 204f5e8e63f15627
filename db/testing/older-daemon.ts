import { service, type TestDatabase } from './database.ts';

/** The actions that the daemon of an older HQ knows. */
const known = new Set([
  ...['provision', 'update', 'remove', 'update_all', 'restart_gateway', 'restart_dispatcher'],
  ...['update_gateway', 'backup_gateway', 'approve_pairing', 'set_agent_model', 'list_models'],
  ...['auth_start', 'auth_paste', 'auth_list', 'auth_refresh', 'auth_remove', 'auth_set_default'],
  ...['source_write', 'collection_list', 'collection_query', 'collection_record_create'],
  ...['collection_record_update', 'auth_set_api_key'],
]);

/** Leases commands as the daemon of an older HQ does until none is left, and fails those that it does not know. Returns the actions. */
export async function runOlderDaemon(database: TestDatabase, slug = 'default'): Promise<string[]> {
  const ran: string[] = [];
  for (;;) {
    const [row] = await database.as<{ id: string | null; action: string }>(
      service,
      `select id, action from lease_command(300, $1)`,
      [slug],
    );
    if (row === undefined || row.id === null) return ran;
    ran.push(row.action);
    await database.as(service, `select start_command($1)`, [row.id]);
    await database.as(
      service,
      known.has(row.action)
        ? `select complete_command($1, 0, 'ok', '')`
        : `select fail_command($1, 1, '', '', 'unknown action')`,
      [row.id],
    );
  }
}
