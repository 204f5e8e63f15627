import type { TurnResult, TurnState } from '@hq/shared/gateway';
import { truncate } from '@hq/shared/text';
import { explainTurnError } from '../handlers/turn-error.ts';
import type { TurnOutcome } from './exchange.ts';

/** In UTF-16 units. */
const longestText = 8_000;
const longestError = 2_000;

/** Returns what the end of a turn means for its item. */
export function outcomeOf(end: TurnState): TurnOutcome {
  if (end.state === 'unknown') return { outcome: 'released', error: 'OpenClaw never began the turn.' };
  const { result } = end;
  const facts = factsOf(result);
  const { reason, hint } = explainTurnError(result.error ?? `The turn ended with ${result.status}.`);
  const error = truncate(reason, longestError);
  if (result.status === 'ok') return { outcome: 'done', ...facts };
  if (result.status === 'aborted') return { outcome: 'released', error, ...facts };
  switch (result.fault) {
    case 'provider':
    case 'gate': {
      const seconds = result.retryAfterSeconds;
      return {
        outcome: 'held',
        error,
        hint,
        hold_reason: error,
        ...(seconds == null ? {} : { hold_seconds: Math.ceil(seconds) }),
        ...facts,
      };
    }
    case 'reload':
    case 'shutdown':
      return { outcome: 'released', error, ...facts };
    default:
      return { outcome: 'failed', error, hint, ...facts };
  }
}

function factsOf({ text, usage, tookMs }: TurnResult) {
  return {
    ...(text === '' ? {} : { text: truncate(text, longestText) }),
    ...(usage === null ? {} : { tokens: Math.round(usage.total) }),
    ...(usage?.costUsd == null ? {} : { cost_usd: usage.costUsd }),
    duration_ms: Math.round(tookMs),
  };
}
