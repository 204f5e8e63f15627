/** Returns whether a tool is OpenClaw's one tool that drives browsers. */
export function isBrowserTool(toolName: string): boolean {
  return toolName.trim().toLowerCase() === 'browser';
}

export type BrowserVerdict =
  | { readonly params: Readonly<Record<string, unknown>> }
  | { readonly block: true; readonly blockReason: string };

/**
 * Decides about one call of the browser tool; `whyNone` says why the agent has no browser. The model may name any profile, and another agent's profile is that agent's
 * signed-in browser: so the call always goes to the agent's own.
 */
export function guardBrowserCall(
  event: { readonly params: Readonly<Record<string, unknown>> },
  agent: string | undefined,
  whyNone: string | undefined,
): BrowserVerdict {
  if (agent === undefined) return { block: true, blockReason: 'This call belongs to no agent.' };
  if (whyNone !== undefined) return { block: true, blockReason: whyNone };
  const { node: _node, ...params } = event.params;
  return { params: { ...params, profile: agent, target: 'host' } };
}
