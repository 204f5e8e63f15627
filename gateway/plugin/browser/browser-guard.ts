import { type AllowedHost, type Destination, isAllowed, parseDestination } from '../network/allowed-hosts.ts';

/** Returns whether a tool is OpenClaw's one tool that drives browsers. */
export function isBrowserTool(toolName: string): boolean {
  return toolName.trim().toLowerCase() === 'browser';
}

/** Parameters of the tool that hold an address to open. */
const urlParameters = ['url', 'targetUrl'];

export type BrowserVerdict =
  | { readonly params: Readonly<Record<string, unknown>> }
  | { readonly block: true; readonly blockReason: string; readonly unlisted?: Destination | undefined };

/**
 * Decides about one call of the browser tool; `whyNone` says why the agent has no browser. The model may name any profile, and another agent's profile is that agent's
 * signed-in browser: so the call always goes to the agent's own.
 */
export function guardBrowserCall(
  event: { readonly params: Readonly<Record<string, unknown>> },
  agent: string | undefined,
  whyNone: string | undefined,
  allowedHosts: readonly AllowedHost[],
): BrowserVerdict {
  if (agent === undefined) return { block: true, blockReason: 'This call belongs to no agent.' };
  if (whyNone !== undefined) return { block: true, blockReason: whyNone };
  const refused = refusedUrl(event.params, allowedHosts);
  if (refused !== undefined) {
    return {
      block: true,
      blockReason: `HQ refused agent ${agent}: ${refused} is not on the list of allowed hosts`,
      unlisted: parseDestination(refused),
    };
  }
  const { node: _node, ...params } = event.params;
  return { params: { ...params, profile: agent, target: 'host' } };
}

/** Returns the host of an address that the proxy would refuse. OpenClaw looks its name up first, which leaves the host. */
function refusedUrl(
  params: Readonly<Record<string, unknown>>,
  allowedHosts: readonly AllowedHost[],
): string | undefined {
  for (const name of urlParameters) {
    const text = params[name];
    if (typeof text !== 'string' || !URL.canParse(text)) continue;
    const { protocol, hostname, port } = new URL(text);
    if (protocol !== 'http:' && protocol !== 'https:') continue;
    const authority = `${hostname}:${port || (protocol === 'http:' ? '80' : '443')}`;
    const destination = parseDestination(authority);
    if (destination === undefined || !isAllowed(destination, allowedHosts)) return authority;
  }
  return undefined;
}
