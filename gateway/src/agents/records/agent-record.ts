import { z } from 'zod';
import { type PrivateJsonFiles, privateJsonFiles } from './private-json-files.ts';

/** Record of an agent that HQ's plugin reads: its identity in HQ, its credential, and the hosts that its commands may reach. */
const agentRecord = z.object({
  agentId: z.string(),
  slug: z.string(),
  branch: z.string(),
  token: z.string(),
  allowedHosts: z.array(z.string()),
});
export type AgentRecord = z.output<typeof agentRecord>;

/** Returns the files `hq/agents/<id in OpenClaw>.json`. */
export function agentRecords(stateDirectory: string): PrivateJsonFiles<AgentRecord> {
  return privateJsonFiles(stateDirectory, 'agents', agentRecord);
}
