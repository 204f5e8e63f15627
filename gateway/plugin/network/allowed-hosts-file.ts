import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { type AllowedHost, parseAllowedHost } from './allowed-hosts.ts';

const record = z.object({ allowedHosts: z.array(z.string()).default([]) });

/**
 * Returns a function that reads an agent's list from its AgentRecord, again whenever the file has changed. A missing or
 * malformed file means an empty list: nothing is allowed.
 */
export function watchAllowedHosts(file: string): () => readonly AllowedHost[] {
  let seen = '';
  let list: readonly AllowedHost[] = [];
  return () => {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    const version = stat === undefined ? '' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
    if (version !== seen) {
      list = version === '' ? [] : readList(file);
      seen = version;
    }
    return list;
  };
}

function readList(file: string): readonly AllowedHost[] {
  try {
    const { allowedHosts } = record.parse(JSON.parse(readFileSync(file, 'utf8')));
    return allowedHosts.flatMap((pattern) => parseAllowedHost(pattern) ?? []);
  } catch {
    // Closed, not open: the writer of the record reports what is wrong with it.
    return [];
  }
}
