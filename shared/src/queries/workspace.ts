import type { HqClient } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import { type WorkspaceRow, workspaceRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { watchRows } from './watch-rows.ts';

const source = { table: 'workspace', row: workspaceRow, order: ['id'] } as const;

/** Reads the workspace of the tenant: one row, or none before somebody named it. */
export function readWorkspace(client: HqClient): Promise<WorkspaceRow[]> {
  return readRows(client, source);
}

export function liveWorkspace(client: HqClient): LiveQuery<WorkspaceRow> {
  return watchRows<WorkspaceRow>(client, { ...source, read: () => readWorkspace(client) });
}
