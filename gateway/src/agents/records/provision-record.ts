import { z } from 'zod';
import { type PrivateJsonFiles, privateJsonFiles } from './private-json-files.ts';

/** State of an agent on the gateway: each step is written here before it begins. It exists for the agents that HQ made. */
const provisionRecord = z.object({
  slug: z.string(),
  branch: z.string(),
  /**
   * `preparing` and `adopting`: its files are not complete. `present`: they are. `removing`: the agent goes. `leaving`:
   * only the account of a channel is left. `removed`: nothing is.
   */
  state: z.enum(['preparing', 'adopting', 'present', 'removing', 'leaving', 'removed']),
  /** Branch that keeps the files of an agent that is removed. */
  archive: z.string().nullable(),
  /** SHA-256 of each personal file as HQ wrote it. A second one is that of a write that may not have happened. */
  files: z.record(z.string(), z.array(z.string())),
  /** True until OpenClaw has created the agent anew: it refuses the id of a removed agent otherwise. */
  wasRemoved: z.boolean(),
});
export type ProvisionRecord = z.output<typeof provisionRecord>;

/** Returns the files `hq/provisioned/<id in OpenClaw>.json`. */
export function provisionRecords(stateDirectory: string): PrivateJsonFiles<ProvisionRecord> {
  return privateJsonFiles(stateDirectory, 'provisioned', provisionRecord);
}
