import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '@hq/shared/errors';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

/** The part of an agent's record that this plugin reads; hq-gateway writes it. */
const agentRecord = z.object({
  agentId: z.string(),
  slug: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  token: z.string().min(32).max(256),
});

type AgentRecord = z.output<typeof agentRecord>;

/** Ids that OpenClaw accepts; anything else never becomes a part of a path. */
const openClawId = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const largestRecord = 64 * 1024;

/** The records of the agents that HQ manages, by OpenClaw's ids. */
export interface AgentRecords {
  /** Returns null for an agent that HQ does not manage, and for a record that cannot be used. */
  find(agentId: string | undefined): AgentRecord | null;
  ids(): readonly string[];
}

/** Reads the files anew each time: the credential may have been replaced. `onFault` gets a sentence without a secret. */
export function agentRecords(stateDir: string, onFault: (sentence: string) => void): AgentRecords {
  const directory = join(stateDir, 'hq', 'agents');
  return {
    find: (agentId) => {
      if (agentId === undefined || !openClawId.test(agentId)) return null;
      const file = join(directory, `${agentId}.json`);
      try {
        const text = readSmallFile(file, largestRecord);
        if (text === null) return null;
        const parsed = agentRecord.safeParse(parseJson(text));
        if (parsed.success) return parsed.data;
        onFault(`The record of agent ${agentId} is damaged: HQ is off for this agent.`);
      } catch (error) {
        onFault(
          `The record of agent ${agentId} cannot be read (${codeOf(error)}): HQ is off for this agent.`,
        );
      }
      return null;
    },
    ids: () => {
      try {
        return readdirSync(directory)
          .filter((name) => name.endsWith('.json'))
          .map((name) => name.slice(0, -'.json'.length));
      } catch {
        // No agent was provisioned yet.
        return [];
      }
    },
  };
}

/** Reads a private file without following a link; returns null if there is none. */
export function readSmallFile(path: string, mostBytes: number): string | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (size > mostBytes) throw Object.assign(new Error('The file is too large.'), { code: 'EFBIG' });
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
