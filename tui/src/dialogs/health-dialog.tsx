import type { AgentHealthRow } from '@hq/shared/rows';
import type { Ui } from '../app/ui.ts';
import { NeedDialog, type ShownNeed } from './need-dialog.tsx';

/** Opens why an agent is in its state, and the one action that helps; for one that waits for a person, what it waits for. */
export function openHealth({ lookups, messages, needs, overlays, session }: Ui, agentId: string): void {
  const health = lookups().healthOf.get(agentId);
  if (health === undefined) {
    messages.say('The health of this agent is not known yet.');
    return;
  }
  const waiting = session.needs.getSnapshot().rows.find(({ agent }) => agent === health.agent);
  const need = health.state === 'waiting' && waiting !== undefined ? waiting : asNeed(health);
  overlays.open((close) => (
    <NeedDialog
      need={need}
      isSettledElsewhere={need === waiting}
      onAnswer={(answer, text) => needs.decide(answer, text)}
      onClose={close}
    />
  ));
}

function asNeed({ agent_id, agent, state, reason, since, help, action }: AgentHealthRow): ShownNeed {
  return {
    id: agent_id,
    kind: state,
    agent,
    title: reason,
    detail: help,
    since,
    expires_at: null,
    choices: [],
    free_text: true,
    actions: action === null ? [] : [action],
  };
}
