import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { untilListed } from './config/change-config.ts';
import { type AgentsContext, type OnProgress, ownAgents } from './context.ts';

/**
 * Creates agents whose ids belonged to removed ones. OpenClaw keeps such an id closed until `agents.create` names it: an
 * agent that only its configuration has could not be woken.
 */
export async function createAgain(
  context: AgentsContext,
  ids: readonly string[],
  onProgress: OnProgress,
): Promise<void> {
  const own = await ownAgents(context);
  for (const id of ids) {
    const record = own.get(id);
    if (record?.wasRemoved !== true) continue;
    onProgress(`${record.slug}: creating the agent anew`);
    // OpenClaw writes an IDENTITY.md of its own. The configuration that follows names the agent's real directory.
    const workspace = join(context.stateDirectory, 'hq', 'created', id);
    const params = { name: id, workspace };
    const answer = await context.openclaw().call({ method: 'agents.create', params });
    // A run that was stopped has created it.
    if (!answer.ok && !/already exists/i.test(answer.message)) {
      throw new HqError('failed', `OpenClaw does not create ${record.slug} anew: ${answer.message}`);
    }
    await untilListed(context.openclaw(), [id]);
    await rm(workspace, { recursive: true, force: true });
    await context.provisionRecords.write(id, { ...record, wasRemoved: false });
  }
}
