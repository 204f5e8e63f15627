import { HqError } from '@hq/shared/errors';
import type { TurnLine, TurnResult } from '@hq/shared/gateway';
import { truncate } from '@hq/shared/text';
import type { Handler, HandlerContext } from '../handler.ts';
import { slugOf } from './agents.ts';
import { explainTurnError } from './turn-error.ts';

/** Seconds of a turn; the action has some more, so that the gateway's answer comes before its end. */
const turnSeconds = 870;
/** In UTF-16 units; the command's output has all of it. */
const longestText = 32_000;

export const wakeAgent: Handler<'wake_agent'> = async ({ message }, context) => {
  const { stack, agents, output, progress, signal, commandId, attempt } = context;
  const slug = slugOf(context);
  await agents.untilReady((sentence) => progress(null, sentence), signal);
  const runId = `hq:${commandId}:${attempt}`;
  const turn = { agent: slug, message, runId, timeoutSeconds: turnSeconds };
  const shown = new ShownTurn(context);
  const result = await stack.gateway.turn(turn, (line) => shown.add(line), signal);
  shown.end(result);
  if (result.status !== 'ok') throw faultOf(slug, result);
  output.line(`[${summaryOf(result)}]`, 'stderr');
  return {
    run: result.runId,
    text: truncate(result.text, longestText),
    tools: [...result.tools],
    tokens: result.usage === null ? null : Math.round(result.usage.total),
    cost_usd: result.usage?.costUsd ?? null,
    tookMs: Math.round(result.tookMs),
  };
};

/** Writes what an agent says and which tools it calls into the output of the command, while it does. */
class ShownTurn {
  readonly #context: Pick<HandlerContext, 'output' | 'progress'>;
  #hasText = false;
  #isInLine = false;

  constructor(context: Pick<HandlerContext, 'output' | 'progress'>) {
    this.#context = context;
  }

  add(line: TurnLine): void {
    const { output, progress } = this.#context;
    if ('tool' in line) {
      const { name, phase, failed } = line.tool;
      if (phase === 'start') {
        progress(null, `uses ${name}`);
        output.line(`[${name}]`, 'stderr');
      } else if (failed === true) {
        output.line(`[${name} failed]`, 'stderr');
      }
      return;
    }
    if (!this.#hasText) progress(null, 'answers');
    if (line.replace === true && this.#isInLine) output.write('\n');
    output.write(line.text);
    this.#hasText = true;
    this.#isInLine = !line.text.endsWith('\n');
  }

  /** Writes the whole text where none came before. */
  end({ text }: TurnResult): void {
    if (!this.#hasText && text !== '') this.add({ text });
    if (this.#isInLine) this.#context.output.write('\n');
  }
}

function summaryOf({ tools, usage, tookMs }: TurnResult): string {
  const cost = usage?.costUsd;
  return [
    `${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}`,
    ...(usage === null ? [] : [`${usage.total} tokens`]),
    ...(cost == null ? [] : [`${cost.toFixed(4)} USD`]),
    `${(tookMs / 1000).toFixed(1)} s`,
  ].join(', ');
}

function faultOf(slug: string, { status, error }: TurnResult): HqError {
  switch (status) {
    case 'timeout':
      return new HqError('timed_out', `The turn of ${slug} took too long${after(error)}`);
    case 'aborted':
      return new HqError('cancelled', `The turn of ${slug} was aborted${after(error)}`);
    default: {
      const { reason, hint } = explainTurnError(error ?? '');
      return new HqError('failed', `The turn of ${slug} failed${after(reason)}`, { hint });
    }
  }
}

const after = (reason: string | undefined): string =>
  reason === undefined || reason === '' ? '' : `: ${reason}`;
