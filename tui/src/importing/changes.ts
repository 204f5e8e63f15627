import type { HqClient } from '@hq/shared/client';
import { readSecrets } from '@hq/shared/queries';
import type { AgentRow } from '@hq/shared/rows';
import type { ImportedAgent } from './record.ts';

/** Returns the fields by which a later change is recognized. */
export function rowFields({ name, description, model, thinking }: AgentRow): Record<string, string | null> {
  return { name, description, model, thinking };
}

/** Returns what changed since the import, in words; nothing for one that is not complete. */
export async function changesSince(
  client: HqClient,
  gatewayId: string,
  imported: ImportedAgent,
  row: AgentRow,
): Promise<readonly string[]> {
  const { slug, row: before, secrets } = imported;
  if (before === null) return [];
  const now = rowFields(row);
  const fields = Object.keys(now).filter((key) => now[key] !== before[key]);
  const present = await readSecrets(client, { gatewayId, agentId: row.id });
  const others = present.filter(({ id, revision }) => {
    const ours = secrets.find((one) => one.id === id);
    return ours === undefined || ours.revision !== revision;
  });
  const gone = secrets.filter(({ id }) => !present.some((one) => one.id === id));
  return [
    ...fields.map((field) => `${slug}: its ${field} is another`),
    ...others.map(({ key }) => `${slug}: the secret ${key} is another`),
    ...gone.map(({ key }) => `${slug}: the secret ${key} is gone`),
  ];
}
