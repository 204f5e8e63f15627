import { catalogue, type PayloadOf, type ResultOf, type RunnerActionName } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import type { ZodType } from 'zod';
import type { Output } from './output.ts';
import type { OpenedSecret } from './secrets/secrets-sync.ts';
import type { Stack } from './stack.ts';

/** What a handler is given beside its payload. */
export interface HandlerContext {
  readonly commandId: string;
  readonly attempt: number;
  readonly agentSlug: string | null;
  readonly runnerId: string;
  readonly stack: Stack;
  readonly output: Output;
  /** Aborted when the command is cancelled, runs out of time, loses its lease, or the runner stops. */
  readonly signal: AbortSignal;
  progress(percent: number | null, note: string | null): void;
  setPaused(paused: boolean): Promise<void>;
  /**
   * The value of a secret of this gateway, by its id, or by its key where it is for every agent. `not_found` when there is none,
   * `failed` when it cannot be read. The redactor knows the value from then on.
   */
  openSecret(idOrKey: string, signal: AbortSignal): Promise<OpenedSecret>;
}

export type Handler<Name extends RunnerActionName> = (
  payload: PayloadOf<Name>,
  context: HandlerContext,
) => Promise<ResultOf<Name>>;

/** One handler for every action of the catalogue that is a runner’s: a missing one does not compile. */
export type Handlers = { readonly [Name in RunnerActionName]: Handler<Name> };

const shapes: { readonly [Name in RunnerActionName]: { readonly payload: ZodType<PayloadOf<Name>> } } =
  catalogue;

/** Runs one action with a payload as it stands in its row. */
export async function handle<Name extends RunnerActionName>(
  handlers: Handlers,
  name: Name,
  payload: unknown,
  context: HandlerContext,
): Promise<ResultOf<Name>> {
  const parsed = shapes[name].payload.safeParse(payload ?? {});
  if (parsed.success) return handlers[name](parsed.data, context);
  const [issue] = parsed.error.issues;
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])].join('.');
  throw new HqError(
    'usage',
    `The payload of ${name} is malformed${field === '' ? '' : ` at "${field}"`}: ${issue?.message}.`,
    {
      hint: 'Send the command again with the payload that docs/actions.md describes.',
      ...(field === '' ? {} : { field }),
    },
  );
}
