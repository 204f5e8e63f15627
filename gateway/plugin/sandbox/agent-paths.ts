import { join } from 'node:path';

/** Directory of what jails keep until the gateway ends. */
export function temporaryRoot(stateDir: string): string {
  return join(stateDir, 'hq', 'tmp');
}

/** The /tmp of an agent's commands, or of its browser. */
export function temporaryDir(stateDir: string, kind: 'commands' | 'browser', agent: string): string {
  return join(temporaryRoot(stateDir), kind, agent);
}

/** Profile of an agent's browser: its cookies and signed-in sessions. */
export function browserProfileDir(stateDir: string, agent: string): string {
  return join(stateDir, 'hq', 'browser', agent);
}

/** Everything that jail and browser of an agent leave on the disk, beside its worktree. */
export function agentPaths(stateDir: string, agent: string): readonly string[] {
  return [
    browserProfileDir(stateDir, agent),
    temporaryDir(stateDir, 'commands', agent),
    temporaryDir(stateDir, 'browser', agent),
  ];
}
