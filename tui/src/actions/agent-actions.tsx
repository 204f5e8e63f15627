import type { AgentRow, CommandRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import { MessageDialog } from '../dialogs/message-dialog.tsx';
import type { CommandRequest, Session } from '../session/session.ts';
import { type ActionContext, attempt, refusesToWrite } from './action-context.ts';

export interface AgentActions {
  /** Asks for a message, and opens the command that brings it to the agent. */
  readonly wake: (agent: AgentRow) => void;
  /** Asks for the title of a task, and gives it to the agent. */
  readonly giveTask: (agent: AgentRow) => void;
  /** Pauses the agent after a question, and opens its session for reading. */
  readonly takeOver: (agent: AgentRow) => void;
  /** Reads the session that is named, or the one that changed last. */
  readonly readSession: (agent: AgentRow, key?: string) => void;
}

export function createAgentActions(session: Session, context: ActionContext): AgentActions {
  const { messages, overlays, router } = context;
  /** Messages and tasks that were not sent, by the agent's id. */
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
          title={`Wake ${plain(agent.slug)} with a message`}
          kind="message"
          longest={8_000}
          remark=" · this spends tokens"
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
    giveTask(agent) {
      if (refusesToWrite(context)) return;
      const owner = plain(agent.slug);
      const key = `task ${agent.id}`;
      overlays.open((close) => (
        <MessageDialog
          title={`A task for ${owner}: what is to be done?`}
          kind="task"
          longest={300}
          remark=""
          start={drafts.get(key) ?? ''}
          onChange={(text) => drafts.set(key, text)}
          submit={async (title) => {
            await session.enqueue({ action: 'create_task', payload: { title, agent: agent.slug } });
            drafts.delete(key);
            return () => messages.say(`${owner} has the task. What it hands in comes to Needs: w.`, 'good');
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
