import type { AgentRow } from '@hq/shared/rows';
import type { Ui } from '../app/ui.ts';
import type { Binding, Handlers } from './binding.ts';

/** For screens on which an agent is selected or open. Other keys act on its gateway there. */
export const agentKeys = [
  {
    does: 'pause-agent',
    keys: ['p'],
    short: 'pause',
    about: 'pause or resume the agent',
    writes: true,
    aimsAt: 'agent',
  },
] as const satisfies readonly Binding[];

export function agentHandlers(
  { commands, messages, lookups }: Ui,
  agent: AgentRow | null,
): Handlers<typeof agentKeys> {
  return {
    'pause-agent'() {
      if (agent === null) {
        messages.say('No agent is selected.', 'warn');
        return;
      }
      const action = agent.status === 'paused' ? 'resume_agent' : 'pause_agent';
      const gateway = lookups().gateways.get(agent.gateway_id ?? '') ?? null;
      commands.start({ action, payload: {}, gateway, agent: agent.slug });
    },
  };
}
