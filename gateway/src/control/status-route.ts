import type { GatewayStatus } from '@hq/shared/gateway';
import type { AnswerRoute } from './route.ts';

/** `GET /status`, answered from the first moments of a start on. */
export function statusRoute(status: () => Promise<GatewayStatus>): AnswerRoute {
  return { method: 'GET', path: /^\/status$/, answer: status };
}
