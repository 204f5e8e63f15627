import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AgentRemoved } from '@hq/shared/agents';
import { codeOf, HqError } from '@hq/shared/errors';
import { removeTree } from '@hq/shared/program';
import { z } from 'zod';
import { agentPaths } from '../../plugin/sandbox/agent-paths.ts';
import { abortTurns } from './activity.ts';
import { settleChannels, settleLater } from './channel-changes.ts';
import { readConfig } from './config/change-config.ts';
import { accountsIn } from './config/desired-config.ts';
import { objectAt } from './config/json.ts';
import { type AgentsContext, type OnProgress, ownAgents } from './context.ts';
import { request } from './openclaw-calls.ts';
import { worktreeOf } from './provision-files.ts';
import type { ProvisionRecord } from './records/provision-record.ts';
import { archiveName, archiveWorktree } from './repository/archive.ts';

const deleteMs = 120_000;
const databaseMs = 10_000;

/**
 * Removes an agent: its turns, credential, entry, bindings, sessions, keys, accounts and files. Its branch is kept in the
 * archive, which no later agent of that slug inherits. A run that was stopped is completed by the next one.
 */
export async function removeAgent(
  context: AgentsContext,
  slug: string,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<AgentRemoved> {
  const archived = await context.exclusive(async () => {
    for (const [id, record] of await ownAgents(context)) {
      if (record.slug !== slug || record.state === 'removed') continue;
      if (record.state === 'leaving') return record.archive;
      return await finishRemoval(context, id, record, onProgress);
    }
    return null;
  });
  if ((await settleChannels(context, onProgress, signal)) !== null) settleLater(context);
  return { archived };
}

/** Runs the steps of a removal, up to the accounts of channels. Returns the archive's branch. */
export async function finishRemoval(
  context: AgentsContext,
  id: string,
  earlier: ProvisionRecord,
  onProgress: OnProgress,
): Promise<string | null> {
  const { stateDirectory, provisionRecords } = context;
  const worktree = worktreeOf(stateDirectory, earlier.branch);
  const archive = earlier.archive ?? archiveName(earlier.branch, new Date());
  const record: ProvisionRecord = { ...earlier, state: 'removing', archive };
  onProgress(`${record.slug}: removing it`);
  await provisionRecords.write(id, record);
  context.wanted.delete(id);
  onProgress(`${record.slug}: stopping its channels and turns`);
  await stopAgent(context, id);
  onProgress(`${record.slug}: removing its credential`);
  await context.agentRecords.remove(id);
  onProgress(`${record.slug}: keeping its files in ${archive}`);
  const archived = await archiveWorktree(worktree, archive);
  onProgress(`${record.slug}: removing its browser and its temporary files`);
  await removeJail(context, id);
  onProgress(`${record.slug}: removing it from OpenClaw`);
  const wasRemoved = (await deleteFromOpenClaw(context, id)) || record.wasRemoved;
  onProgress(`${record.slug}: forgetting who may write to it`);
  forgetSenders(stateDirectory, id);
  onProgress(`${record.slug}: it is removed`);
  await provisionRecords.write(id, { ...record, state: 'leaving', archive: archived, files: {}, wasRemoved });
  return archived;
}

/** Stops the accounts of an agent at once, and aborts its turns. Returns how many ran. */
export async function stopAgent(context: AgentsContext, id: string): Promise<number> {
  const openclaw = context.openclaw();
  const { config } = await readConfig(openclaw);
  for (const { channel } of accountsIn(config, [id])) {
    // An account that does not run is refused.
    await openclaw.call({ method: 'channels.stop', params: { channel, accountId: id } });
  }
  if (!(id in objectAt(config, 'agents', 'entries'))) return 0;
  return await abortTurns(openclaw, id);
}

/** Ends the network and the browser of an agent, and removes what they leave: signed-in sessions among them. */
async function removeJail({ openclaw, stateDirectory }: AgentsContext, agentId: string): Promise<void> {
  // An OpenClaw without HQ's plugin refuses it, and has neither of the two.
  await openclaw().call({ method: 'hq.forgetAgent', params: { agentId } });
  for (const path of agentPaths(stateDirectory, agentId)) await removeTree(path);
}

/** Removes entry, bindings, sessions, provider keys and schedules of an agent. Returns false where OpenClaw has none. */
async function deleteFromOpenClaw(context: AgentsContext, agentId: string): Promise<boolean> {
  const before = Date.now();
  const params = { agentId, deleteFiles: true };
  const call = { method: 'agents.delete', params, limitMs: deleteMs };
  const wasThere = await request(context.openclaw(), z.unknown(), call).then(
    () => true,
    (error: unknown) => {
      if (error instanceof HqError && /not found/i.test(error.message)) return false;
      throw error;
    },
  );
  await emptyTrash(join(context.home, '.Trash'), before);
  return wasThere;
}

/** Removes what OpenClaw has just moved to the trash: sessions and provider keys of the removed agent. */
async function emptyTrash(trash: string, since: number): Promise<void> {
  for (const name of await readdir(trash).catch(() => [])) {
    const [, time] = /^\.fs-safe-trash-(\d+)-/.exec(name) ?? [];
    if (time !== undefined && Number(time) >= since) {
      await rm(join(trash, name), { recursive: true, force: true });
    }
  }
}

/**
 * Forgets the people that were allowed to write to an account. OpenClaw keeps them beyond the account, has no call for it,
 * and reads them anew at each message.
 */
function forgetSenders(stateDirectory: string, id: string): void {
  try {
    using database = new DatabaseSync(join(stateDirectory, 'state', 'openclaw.sqlite'), {
      readOnly: false,
      timeout: databaseMs,
    });
    for (const table of ['channel_pairing_allow_entries', 'channel_pairing_requests']) {
      database.prepare(`delete from ${table} where account_id = ?`).run(id);
    }
  } catch (cause) {
    if (codeOf(cause) !== 'ERR_SQLITE_ERROR') throw cause;
    const reason = cause instanceof Error ? cause.message : 'unknown error';
    throw new HqError('failed', `The people allowed to write to ${id} cannot be forgotten: ${reason}`, {
      cause,
    });
  }
}
