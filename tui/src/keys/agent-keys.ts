import type { AgentRow } from '@hq/shared/rows';
import type { Ui } from '../app/ui.ts';
import { openHealth } from '../dialogs/health-dialog.tsx';
import type { Binding, Handlers } from './binding.ts';

const aimed = { writes: true, aimsAt: 'agent' } as const;

/** For screens on which an agent is selected or open. Other keys act on its gateway there. */
export const agentKeys = [
  {
    does: 'health',
    keys: ['x'],
    short: 'why',
    about: 'why the agent does not answer, and what helps',
    aimsAt: 'agent',
  },
  { does: 'wake', keys: ['W'], short: 'wake', about: 'send the agent a message', ...aimed },
  { does: 'pause-agent', keys: ['p'], short: 'pause', about: 'pause or resume the agent', ...aimed },
  {
    does: 'take-over',
    keys: ['t'],
    short: 'take over',
    about: 'pause the agent and read its session',
    ...aimed,
  },
  { does: 'session', keys: ['s'], about: 'read the agent’s session', ...aimed },
  { does: 'pairings', keys: ['P'], about: 'people who ask to write to agents' },
] as const satisfies readonly Binding[];

export function agentHandlers(ui: Ui, agent: AgentRow | null): Handlers<typeof agentKeys> {
  const { commands, agents, messages, lookups, router } = ui;
  const withAgent = (act: (agent: AgentRow) => void) => (): void => {
    if (agent === null) messages.say('No agent is selected.', 'warn');
    else act(agent);
  };
  return {
    health: withAgent(({ id }) => openHealth(ui, id)),
    wake: withAgent(agents.wake),
    'pause-agent': withAgent(({ status, slug, gateway_id }) => {
      const action = status === 'paused' ? 'resume_agent' : 'pause_agent';
      const gateway = lookups().gateways.get(gateway_id ?? '') ?? null;
      commands.start({ action, payload: {}, gateway, agent: slug });
    }),
    'take-over': withAgent(agents.takeOver),
    session: withAgent((one) => agents.readSession(one)),
    pairings: () => router.open('pairings'),
  };
}
