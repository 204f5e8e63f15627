interface Explained {
  readonly reason: string;
  /** Advice to an operator, with HQ's actions. */
  readonly hint: string;
}

/** Sentences that advise to use OpenClaw's own command line, which operators of HQ do not have. */
const ownAdvice = /(?:^|\s)[^.!?]*`openclaw [^`]*`[^.!?]*(?:[.!?](?=\s|$)|$)/g;

const hints: readonly (readonly [RegExp, string])[] = [
  [
    /unknown model|model[^.]{0,80}(not found|does not exist|not allowed|not supported)|no such model/i,
    'list_models lists the models that there are, and set_agent_model gives the agent one of them.',
  ],
  [
    /\b40[13]\b|api key|unauthori[sz]ed|authentication|credential|no auth/i,
    'Store the provider’s key as a secret of the gateway; list_models says for which models a key is there.',
  ],
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|fetch failed|connection error|network|unreachable/i,
    'Check that the gateway’s host reaches the address of the model’s provider, then wake the agent again.',
  ],
  [
    /rate.?limit|\b429\b|quota|overloaded|billing|insufficient/i,
    'The model’s provider refuses more work now: wait, or give the agent another model by set_agent_model.',
  ],
  [/paused/i, 'resume_agent or resume_gateway lets it work again.'],
  [/budget/i, 'top_up_budget or set_budget gives it more.'],
];

/** Returns the reason of a failed turn without OpenClaw's advice to its own operators, and HQ's advice for it. */
export function explainTurnError(error: string): Explained {
  const reason = error.replaceAll(ownAdvice, '').trim();
  const known = hints.find(([pattern]) => pattern.test(error));
  return { reason, hint: known?.[1] ?? 'Look at its model and its budget, and at the log of the gateway.' };
}
