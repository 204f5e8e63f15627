import { z } from 'zod';
import { type PrivateJsonFiles, privateJsonFiles } from './private-json-files.ts';

/** What HQ did for an agent, and means to do: each step is written here before it begins. Its existence means that HQ made the agent. */
const provisionRecord = z.object({
  slug: z.string(),
  branch: z.string(),
  /** `preparing` and `adopting`: its files are not complete; `present`: they are; `removing`: the agent goes. */
  state: z.enum(['preparing', 'adopting', 'present', 'removing']),
  /** Branch that keeps the files of an agent that is removed. */
  archive: z.string().nullable(),
  /** SHA-256 of each personal file as HQ wrote it. A second one is that of a write that may not have happened. */
  files: z.record(z.string(), z.array(z.string())),
});
export type ProvisionRecord = z.output<typeof provisionRecord>;

/** Returns the files `hq/provisioned/<id in OpenClaw>.json`. */
export function provisionRecords(stateDirectory: string): PrivateJsonFiles<ProvisionRecord> {
  return privateJsonFiles(stateDirectory, 'provisioned', provisionRecord);
}
