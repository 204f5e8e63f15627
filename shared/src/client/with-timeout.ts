import { timedOut, withinLimit } from '../program/time-limit.ts';
import { unansweredError } from './database-error.ts';

/** Returns the answer, or fails with `unreachable` after the limit. */
export async function withTimeout<Answer>(
  limitMs: number,
  request: PromiseLike<Answer>,
  host: string,
): Promise<Answer> {
  const answer = await withinLimit(limitMs, request);
  if (answer === timedOut) throw unansweredError('timed out', host);
  return answer;
}
