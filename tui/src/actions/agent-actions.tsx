import type { AgentRow, CommandRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import { MessageDialog } from '../dialogs/message-dialog.tsx';
import type { CommandRequest, Session } from '../session/session.ts';
import { type ActionContext, attempt, refusesToWrite } from './action-context.ts';

export interface AgentActions {
  /** Asks for a message, and opens the command that brings it to the agent. */
  readonly wake: (agent: AgentRow) => void;
  /** Pauses the agent after a question, and opens its session for reading. */
  readonly takeOver: (agent: AgentRow) => void;
  /** Reads the session that is named, or the one that changed last. */
  readonly readSession: (agent: AgentRow, key?: string) => void;
}

export function createAgentActions(session: Session, context: ActionContext): AgentActions {
  const { messages, overlays, router } = context;
  /** Messages that were not sent, by the agent's id. */
  const drafts = new Map<string, string>();

  function enqueue(
    agent: AgentRow,
    action: CommandRequest['action'],
    payload: CommandRequest['payload'] = {},
  ): Promise<CommandRow> {
    const on = agent.gateway_id === null ? {} : { gateway: agent.gateway_id };
    return session.enqueue({ action, payload, agent: agent.slug, ...on });
  }

  const read = async (agent: AgentRow, key?: string): Promise<void> => {
    await enqueue(agent, 'read_session', key === undefined ? {} : { session: key });
    router.open('session', agent.id);
  };

  return {
    wake(agent) {
      if (refusesToWrite(context)) return;
      overlays.open((close) => (
        <MessageDialog
          agent={plain(agent.slug)}
          start={drafts.get(agent.id) ?? ''}
          onChange={(text) => drafts.set(agent.id, text)}
          submit={async (message) => {
            const { id } = await enqueue(agent, 'wake_agent', { message });
            drafts.delete(agent.id);
            return () => router.open('command', id);
          }}
          onClose={close}
        />
      ));
    },
    takeOver(agent) {
      if (refusesToWrite(context)) return;
      const slug = plain(agent.slug);
      if (agent.status === 'paused') {
        void attempt(context, () => read(agent));
        return;
      }
      overlays.open((close) => (
        <ConfirmDialog
          title={`Take over ${slug}`}
          sentences={[
            `${slug} is paused: its turns end, and its chat channel is silent until it is resumed.`,
            'Its session opens for reading. HQ sends nothing to it.',
          ]}
          yes="Take over"
          typedName={null}
          onConfirm={() => {
            messages.say(`Pausing ${slug} …`, 'busy');
            void attempt(context, async () => {
              await enqueue(agent, 'pause_agent');
              messages.clear();
              await read(agent);
            });
          }}
          onClose={close}
        />
      ));
    },
    readSession(agent, key) {
      if (refusesToWrite(context)) return;
      void attempt(context, () => read(agent, key));
    },
  };
}
