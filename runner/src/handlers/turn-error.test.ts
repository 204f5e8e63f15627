import { expect, test } from 'vitest';
import { explainTurnError } from './turn-error.ts';

test('an unknown model names the actions of HQ and no command of OpenClaw', () => {
  const { reason, hint } = explainTurnError(
    "Unknown model: openai/nope. Run `openclaw models list --refresh --provider openai` to inspect this provider's model choices, then retry with a model supported by your account.",
  );
  expect(reason).toBe('Unknown model: openai/nope.');
  expect(hint).toMatch(/list_models.*set_agent_model/);
});

test.each([
  ['401 Incorrect API key provided', /secret/],
  ['The model `x` does not exist (404)', /list_models/],
  ['connect ECONNREFUSED 127.0.0.1:11434', /reaches/],
  ['429 rate limit', /provider/],
  ['An operator has paused this agent.', /resume_agent/],
  ['Its budget of 1 USD is used up.', /top_up_budget/],
  ['', /log of the gateway/],
])('%j has a hint of its own', (error, hint) => {
  expect(explainTurnError(error).hint).toMatch(hint);
});

test('what is no advice stays whole', () => {
  expect(explainTurnError('It failed. Then it ended.').reason).toBe('It failed. Then it ended.');
});
