import { expect, it } from 'vitest';
import { closedBecause, crowded, isGateRefusal, unanswered, unusable, verdictOf } from './budget-verdict.ts';

const refused = { allowed: false, limit_usd: 10, spent_usd: 10 };

it.each([
  unanswered,
  crowded,
  unusable,
  closedBecause(new Error('any')),
  ...[
    'agent_paused',
    'workspace_stopped',
    'hourly_brake',
    'gateway_paused',
    'budget_exceeded',
    'of later',
  ].map((reason) => verdictOf({ ...refused, reason }) ?? ''),
])('a run that ends with “%s” was refused by the gate, so its item has no attempt', (sentence) => {
  expect(isGateRefusal(`OpenClaw’s run failed: ${sentence}`)).toBe(true);
});

it('the error of a run that the gate allowed is no refusal', () => {
  expect(verdictOf({ allowed: true, reason: null })).toBeNull();
  expect(isGateRefusal('LLM request failed: network connection error.')).toBe(false);
});
