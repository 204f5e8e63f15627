import { bridgePort } from '../browser/bridge-token.ts';
import { backendId } from './jail-backend-id.ts';

/** Part of `HostSupport`, and of `confinement` of the control API. */
export interface AgentConfinement {
  readonly exec: boolean;
  readonly browser: boolean;
}

/** Tools that act inside the jail, or on the agent's own sessions. */
const jailedTools = [
  ...['exec', 'process', 'read', 'write', 'edit', 'apply_patch', 'ls', 'view_image'],
  ...['sessions_list', 'sessions_history', 'sessions_send', 'sessions_spawn', 'sessions_yield'],
  ...['subagents', 'session_status'],
];

/** Tools of an agent without a jail: OpenClaw itself keeps its file tools within the workspace. */
const plainTools = ['read', 'write', 'edit', 'apply_patch', 'ls', 'session_status'];

/** Tools that change the gateway, act for other agents, or use its network: denied by name where no jail is around them. */
const deniedTools = [
  ...['gateway', 'openclaw', 'plugins', 'secrets', 'terminal', 'nodes', 'portal', 'automations', 'cron'],
  ...['transcripts', 'web_fetch', 'web_search', 'canvas', 'computer', 'mobile_ui'],
];

/**
 * Returns the parts of an agent's entry in OpenClaw's configuration that confine it: `sandbox` and `tools`. `tools` are
 * the names of HQ's own tools.
 */
export function confinedAgentSettings({ exec, browser }: AgentConfinement, tools: readonly string[]) {
  if (!exec) {
    return {
      sandbox: { mode: 'off' },
      tools: {
        allow: [...plainTools, ...tools],
        deny: [...deniedTools, 'exec', 'process', 'browser', 'sessions_send', 'sessions_spawn'],
        fs: { workspaceOnly: true },
        elevated: { enabled: false },
      },
    } as const;
  }
  return {
    sandbox: {
      mode: 'all',
      backend: backendId,
      scope: 'agent',
      workspaceAccess: 'rw',
      // OpenClaw calls every browser outside of its own sandboxes the host's. HQ's guard chooses which one it is.
      browser: { enabled: false, allowHostControl: browser },
    },
    tools: {
      allow: [...jailedTools, ...tools, ...(browser ? ['browser'] : [])],
      elevated: { enabled: false },
      exec: { host: 'sandbox', mode: 'full' },
      fs: { workspaceOnly: true },
      // The list above decides. OpenClaw has a second one for sandboxes, without a plugin's tools and without browsers.
      sandbox: { tools: { allow: ['*'] } },
    },
  } as const;
}

/** The parts of OpenClaw's configuration that confine all agents, whatever the host allows. */
export const confinedGatewaySettings = {
  tools: {
    // A tool that hides others would also hide which one is called.
    toolSearch: false,
    elevated: { enabled: false },
    agentToAgent: { enabled: false },
    sessions: { visibility: 'self' },
  },
} as const;

/**
 * Returns OpenClaw's settings of browsers. It starts none itself: that one would run outside of every jail. Without
 * Chromium it loads nothing.
 */
export function browserSettings(chromium: string | undefined) {
  return { enabled: chromium !== undefined, attachOnly: true } as const;
}

/** Returns the profile that leads OpenClaw to one agent's browser. */
export function browserProfile(token: string, port = bridgePort) {
  return { cdpUrl: `http://127.0.0.1:${port}/?token=${token}`, attachOnly: true } as const;
}
