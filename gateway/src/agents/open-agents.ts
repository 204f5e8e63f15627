import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import type { AgentConfinement } from '../../plugin/sandbox/agent-settings.ts';
import { confinedSettings } from './confined-settings.ts';
import { type AgentsContext, openContext } from './context.ts';
import type { OpenClaw } from './openclaw-calls.ts';
import { prepareRepository } from './repository/repository.ts';

export interface OpenAgentsOptions {
  readonly stateDirectory: string;
  readonly home: string;
  readonly templatesDirectory: string;
  readonly templatesSource: string | undefined;
  readonly openclaw: () => OpenClaw;
  /** Returns what this host lets agents do. */
  readonly confinement: () => Promise<AgentConfinement>;
  readonly closed: AbortSignal;
  readonly log: Log;
}

/** Prepares the repository of agents' files, and what the operations on agents share. */
export async function openAgents(options: OpenAgentsOptions): Promise<AgentsContext> {
  const { stateDirectory, log, confinement } = options;
  try {
    const { templates, problem } = await prepareRepository(options);
    if (problem !== null) log.warn({ problem }, 'the templates are those of an earlier start');
    log.debug({ templates }, 'templates');
  } catch (error) {
    // Agents that are there need no template; the others are reported.
    if (!(error instanceof HqError) || error.code !== 'unreachable') throw error;
    log.error({ hint: error.hint }, error.message);
  }
  return await openContext({
    ...options,
    settings: async () => confinedSettings(stateDirectory, await confinement()),
    onFault: (error) => log.error({ err: error }, 'the accounts of channels could not be changed'),
  });
}
