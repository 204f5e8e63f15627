import {
  catalogue,
  type PayloadOf,
  type ResultOf,
  type RunnerActionName,
  resultWarning,
} from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import type { ZodError, ZodType } from 'zod';
import type { AgentsSync } from './agents/agents-sync.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { Output } from './output.ts';
import type { OpenedSecret } from './secrets/secrets-sync.ts';
import type { Stack } from './stack.ts';

/** Second argument of every handler. */
export interface HandlerContext {
  readonly commandId: string;
  readonly attempt: number;
  /** Null where the command is for no agent, or its agent is gone. */
  readonly agentId: string | null;
  readonly agentSlug: string | null;
  readonly runnerId: string;
  readonly stack: Stack;
  readonly agents: Pick<
    AgentsSync,
    'sync' | 'remove' | 'approvePairing' | 'resetSession' | 'readSession' | 'untilReady'
  >;
  readonly dispatcher: Pick<Dispatcher, 'restart'>;
  readonly output: Output;
  /** Aborted when the command is cancelled, runs out of time, loses its lease, or the runner stops. */
  readonly signal: AbortSignal;
  progress(percent: number | null, note: string | null): void;
  setPaused(paused: boolean): Promise<void>;
  /**
   * Returns a secret of this gateway by its id, or by its key if it belongs to every agent. Throws `not_found` or `failed`.
   * The redactor knows the value afterwards.
   */
  openSecret(idOrKey: string, signal: AbortSignal): Promise<OpenedSecret>;
}

export type Handler<Name extends RunnerActionName> = (
  payload: PayloadOf<Name>,
  context: HandlerContext,
) => Promise<ResultOf<Name>>;

/** One handler for each runner action of the catalogue; a missing one does not compile. */
export type Handlers = { readonly [Name in RunnerActionName]: Handler<Name> };

const actions: { readonly [Name in RunnerActionName]: { readonly payload: ZodType<PayloadOf<Name>> } } =
  catalogue;

/** Runs one action with the payload of its row. Throws `usage` for a payload that does not fit the schema. */
export async function handle<Name extends RunnerActionName>(
  handlers: Handlers,
  name: Name,
  payload: unknown,
  context: HandlerContext,
  onInvalidResult: (warning: string) => void,
): Promise<ResultOf<Name>> {
  const parsed = actions[name].payload.safeParse(payload ?? {});
  if (!parsed.success) throw malformedPayload(name, parsed.error);
  const result = await handlers[name](parsed.data, context);
  const warning = resultWarning(name, result);
  if (warning !== null) onInvalidResult(warning);
  return result;
}

function malformedPayload(name: string, { issues: [issue] }: ZodError): HqError {
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])].join('.');
  const where = field === '' ? '' : ` at "${field}"`;
  return new HqError('usage', `The payload of ${name} is malformed${where}: ${issue?.message ?? ''}.`, {
    hint: 'Send the command again with the payload that docs/actions.md describes.',
    ...(field === '' ? {} : { field }),
  });
}
