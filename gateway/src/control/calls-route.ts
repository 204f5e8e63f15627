import { callsRequest, type OpenClawAnswer } from '@hq/shared/gateway';
import type { z } from 'zod';
import { setProfile, setProfileMethod } from '../openclaw/set-profile.ts';
import type { ReadyOpenClaw } from '../ready-openclaw.ts';
import { type AnswerRoute, parseBody } from './route.ts';

/** A change of a channel's accounts waits up to 300 s for running turns. */
const callMs = 320_000;

/** `POST /calls`: requests to OpenClaw, one after the other. A refusal is an answer and ends nothing. */
export function callsRoute(openclaw: () => ReadyOpenClaw): AnswerRoute {
  return {
    method: 'POST',
    path: /^\/calls$/,
    answer: async ({ body, signal }) => {
      const { calls } = parseBody(callsRequest, body);
      const ready = openclaw();
      const answers: OpenClawAnswer[] = [];
      for (const call of calls) answers.push(await answerTo(ready, call, signal));
      return { answers };
    },
  };
}

async function answerTo(
  { client, env }: ReadyOpenClaw,
  { method, params }: z.output<typeof callsRequest>['calls'][number],
  signal: AbortSignal,
): Promise<OpenClawAnswer> {
  if (method === setProfileMethod) return setProfile(params, env, signal);
  return client.call({ method, params, signal, limitMs: callMs });
}
