import { z } from 'zod';

/** One step of a start of hq-gateway. */
const bootStep = z.object({ name: z.string(), tookMs: z.number() });
export type BootStep = z.output<typeof bootStep>;

/** One thing that jails of agents need of the host, and what to do where it is missing. */
export const confinementFinding = z.object({
  isThere: z.boolean(),
  sentence: z.string(),
  remedy: z.string().optional(),
});

/** Answer of `GET /status`. */
export const gatewayStatus = z.object({
  /** True once OpenClaw answers and has what HQ needs. */
  ready: z.boolean(),
  /** Version of OpenClaw; null before it answers. */
  version: z.string().nullable(),
  /** The step that runs now, in words; null once the start is over. */
  doing: z.string().nullable(),
  /** Agents that HQ manages, by their ids in OpenClaw. */
  agents: z.array(z.string()),
  confinement: z.object({
    /** True when commands of agents run in a jail of their own. */
    exec: z.boolean(),
    browser: z.boolean(),
    /** Reason why one of the two is false. */
    reason: z.string().nullable(),
    /** Findings on the host, for `hq-tui doctor`. */
    findings: z.array(confinementFinding).optional(),
  }),
  steps: z.array(bootStep),
  /** Methods and hooks that HQ needs and this OpenClaw lacks. */
  missing: z.array(z.string()),
  /** Reason why the gateway does not work as it should, such as starts that keep ending; null or absent where it does. */
  problem: z.string().nullish(),
  /** True when a script answers instead of a model. */
  rehearsal: z.boolean(),
});
export type GatewayStatus = z.output<typeof gatewayStatus>;
