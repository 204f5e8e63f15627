import { HqError } from '@hq/shared/errors';
import type {
  SandboxBackend,
  SandboxBackendParams,
  SandboxBackendRegistration,
} from 'openclaw/plugin-sdk/sandbox';
import type { AgentJails } from './agent-jails.ts';
import { backendId } from './jail-backend-id.ts';
import { runInJail } from './run-in-jail.ts';
import { workdir, workspaceMounts } from './workspace-mounts.ts';

const capabilities = { readOnlyResourceMounts: true };

/** Returns the agent of a sandbox: its scope begins with `agent:<id>:`, which OpenClaw derives from the session. */
function agentOf({ scopeKey }: SandboxBackendParams): string {
  const [, agent] = /^agent:([a-z0-9][a-z0-9_-]{0,127})(?::|$)/.exec(scopeKey) ?? [];
  if (agent !== undefined) return agent;
  throw new HqError('refused', 'A jail belongs to one agent, and this configuration shares it.', {
    hint: 'Set `sandbox.scope` of the agent to "agent".',
  });
}

/** Connects OpenClaw's tools for commands and files to jails. Each call makes a new jail in the agent's namespaces. */
export function jailBackend(running: () => AgentJails): SandboxBackendRegistration {
  return {
    capabilities,
    resolveWorkdir: () => workdir,
    manager: {
      // A jail ends with its command: there is nothing to describe, to keep or to remove.
      describeRuntime: async () => ({ running: true, configLabelMatch: true }),
      removeRuntime: async () => undefined,
    },
    factory: async (params) => {
      const jails = running();
      // Refuses a wrong workspace when the turn begins, and not at its first command.
      await workspaceMounts(jails.stateDir, params);
      return backendOf(jails, agentOf(params), params);
    },
  };
}

function backendOf(jails: AgentJails, agent: string, params: SandboxBackendParams): SandboxBackend {
  const mounts = () => workspaceMounts(jails.stateDir, params);
  return {
    id: backendId,
    runtimeId: `${backendId}-${agent}`,
    runtimeLabel: `jail of ${agent}`,
    workdir,
    env: { LANG: 'C.UTF-8' },
    configLabel: 'bubblewrap',
    configLabelKind: 'Jail',
    capabilities,
    buildExecSpec: async ({ command, workdir: directory = workdir, env, usePty }) => {
      const content = {
        mounts: await mounts(),
        workdir: directory,
        environment: env,
        kind: 'command',
      } as const;
      const { argv, token } = await jails.prepare(agent, content, ['/bin/sh', '-c', command]);
      const stdinMode = usePty ? 'pipe-open' : 'pipe-closed';
      return { argv, env: {}, cwd: '/', stdinMode, finalizeToken: token };
    },
    finalizeExec: async ({ token }) => await jails.ended(token),
    runShellCommand: async ({ script, args = [], ...options }) => {
      const content = { mounts: await mounts(), workdir, environment: {}, kind: 'files' } as const;
      const command = ['/bin/sh', '-c', script, 'hq-files', ...args];
      const { argv, token } = await jails.prepare(agent, content, command);
      try {
        return await runInJail(argv, options);
      } finally {
        await jails.ended(token);
      }
    },
  };
}
