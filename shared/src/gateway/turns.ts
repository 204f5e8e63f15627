import { z } from 'zod';

const slug = z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be the slug of an agent');

/** Body of `POST /turns`: one turn of an agent. */
export const turnRequest = z.object({
  agent: slug,
  message: z.string().min(1).max(100_000),
  /** Id of the run in OpenClaw. The same id starts no second run. */
  runId: z.string().min(1).max(200),
  /** Session of the turn, `agent:<id>:…`; by default the one that HQ keeps for an agent. */
  sessionKey: z.string().max(500).nullish(),
  /** Model of this turn alone: `provider/model`. */
  model: z.string().max(200).nullish(),
  thinking: z.string().max(20).nullish(),
  timeoutSeconds: z.number().positive().max(86_400),
  /** True lets the turn go on when the client closes the request; `GET /turns/<runId>` follows it then. */
  detached: z.boolean().optional(),
});
export type TurnRequest = z.input<typeof turnRequest>;

const turnTool = z.object({
  name: z.string(),
  phase: z.enum(['start', 'end']),
  /** Set at the end. */
  failed: z.boolean().optional(),
});

const turnUsage = z.object({
  input: z.number(),
  output: z.number(),
  total: z.number(),
  /** Null where the model has no price. */
  costUsd: z.number().nullable(),
});

/**
 * Reason why a turn did not end well: the model's provider refused or failed, HQ's own gate forbade the run, OpenClaw loaded
 * its configuration anew, the gateway stopped, or the agent's own work failed.
 */
const turnFault = z.enum(['provider', 'gate', 'reload', 'shutdown', 'agent']);
export type TurnFault = z.output<typeof turnFault>;

export const turnResult = z.object({
  status: z.enum(['ok', 'error', 'aborted', 'timeout']),
  text: z.string(),
  /** Names of the tools in the order of their calls. */
  tools: z.array(z.string()),
  usage: turnUsage.nullable(),
  sessionKey: z.string(),
  /** Id of the run that ended: the requested one, or that of its repetition. */
  runId: z.string(),
  tookMs: z.number(),
  error: z.string().optional(),
  /** Null for a turn that ended well, or that somebody aborted. */
  fault: turnFault.nullish(),
  /** Seconds after which the provider may be asked again, where it said so. */
  retryAfterSeconds: z.number().nullish(),
});
export type TurnResult = z.output<typeof turnResult>;

/** Result of `GET /turns/<runId>`; `unknown` for a run that never began and never will. */
export const turnState = z.discriminatedUnion('state', [
  z.object({ state: z.literal('ended'), result: turnResult }),
  z.object({ state: z.literal('unknown') }),
]);
export type TurnState = z.output<typeof turnState>;

/** Body of `POST /turns/<runId>/abort`. */
export const turnAbort = z.object({ session: z.string().min(1).max(500) });

/** Answer of it: true where a turn or a pending resumption was ended. */
export const turnAborted = z.object({ aborted: z.boolean() });

/** Lines of the answers of `POST /turns` and `GET /turns/<runId>` before the result. `replace` marks a text that replaces what came before. */
export const turnLine = z.union([
  z.object({ text: z.string(), replace: z.boolean().optional() }),
  z.object({ tool: turnTool }),
]);
export type TurnLine = z.output<typeof turnLine>;
