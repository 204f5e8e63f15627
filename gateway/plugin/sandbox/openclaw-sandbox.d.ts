/**
 * What HQ uses of `openclaw/plugin-sdk/sandbox`, whose types OpenClaw does not ship. Read from 2026.9.6, the pinned
 * version: compare with `dist/plugin-sdk/sandbox.js` before the version changes.
 */
declare module 'openclaw/plugin-sdk/sandbox' {
  export interface SandboxMount {
    readonly hostPath: string;
    readonly containerPath: string;
  }

  export interface SandboxBackendParams {
    readonly sessionKey: string;
    /** Begins with `agent:<id>:`, except for a shared sandbox. */
    readonly scopeKey: string;
    readonly workspaceDir: string;
    readonly agentWorkspaceDir: string;
    readonly skillsWorkspaceDir?: string;
    readonly readOnlyResourceMounts?: readonly SandboxMount[];
    readonly cfg: { readonly workspaceAccess: 'none' | 'ro' | 'rw' };
  }

  export interface SandboxExecRequest {
    readonly command: string;
    readonly workdir?: string;
    readonly env: Readonly<Record<string, string>>;
    readonly usePty: boolean;
  }

  export interface SandboxExecSpec {
    readonly argv: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly stdinMode: 'pipe-open' | 'pipe-closed';
    /** Given back to `finalizeExec` when the command has ended. */
    readonly finalizeToken?: unknown;
  }

  export interface SandboxShellCommand {
    readonly script: string;
    readonly args?: readonly string[];
    readonly stdin?: Buffer | string;
    readonly allowFailure?: boolean;
    readonly signal?: AbortSignal;
  }

  export interface SandboxShellResult {
    readonly code: number;
    readonly stdout: Buffer;
    readonly stderr: Buffer;
  }

  export interface SandboxBackend {
    readonly id: string;
    readonly runtimeId: string;
    readonly runtimeLabel: string;
    readonly workdir: string;
    readonly env: Readonly<Record<string, string>>;
    readonly configLabel: string;
    readonly configLabelKind: string;
    readonly capabilities: { readonly readOnlyResourceMounts: boolean };
    buildExecSpec(request: SandboxExecRequest): Promise<SandboxExecSpec>;
    finalizeExec(end: { readonly token?: unknown }): Promise<void>;
    runShellCommand(command: SandboxShellCommand): Promise<SandboxShellResult>;
  }

  export interface SandboxBackendRegistration {
    readonly factory: (params: SandboxBackendParams) => Promise<SandboxBackend>;
    readonly manager: {
      describeRuntime(): Promise<{ running: boolean; configLabelMatch: boolean }>;
      removeRuntime(): Promise<void>;
    };
    readonly resolveWorkdir: () => string;
    readonly capabilities: { readonly readOnlyResourceMounts: boolean };
  }

  /** Returns a function that takes the registration back. */
  export function registerSandboxBackend(id: string, registration: SandboxBackendRegistration): () => void;

  /** Skills in a workspace that a writable jail must not change. */
  export function resolveReadOnlyWorkspaceSkillMounts(params: {
    readonly workspaceDir: string;
    readonly agentWorkspaceDir: string;
    readonly skillsWorkspaceDir?: string | undefined;
    readonly workdir: string;
    readonly workspaceAccess: 'none' | 'ro' | 'rw';
  }): readonly SandboxMount[];
}
