import {
  type Action,
  type ActionName,
  catalogue,
  describeResult,
  isActionName,
  resultWarning,
} from '@hq/shared/actions';
import { type CommandRow, type GatewayRow, isFinished } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import type { Undo } from '../app/messages.ts';
import { commandState } from '../columns/command-state.ts';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import type { Session } from '../session/session.ts';
import { type ActionContext, refusesToWrite } from './action-context.ts';
import { errorText } from './error-text.ts';

/** An action with everything it needs, as it was when the key was pressed. */
export interface CommandDraft {
  readonly action: ActionName;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Null for an action on the workspace, or on an agent without a gateway. */
  readonly gateway: GatewayRow | null;
  /** The slug of the agent, for actions on one. */
  readonly agent?: string;
}

/** Reads whose output is the answer: their command is opened at once. */
const openedAtOnce = new Set<string>(['tail_logs', 'stack_status']);

/** Starts commands, asking first where that is due, and announces how they ended. */
export class CommandActions {
  readonly #session: Session;
  readonly #context: ActionContext;
  /** Gives the commands of a gateway that have not finished. */
  readonly #openCommands: (gatewayId: string) => readonly CommandRow[];
  /** Commands of this operator that have not finished yet, by their ids. */
  readonly #started = new Map<string, { readonly target: string; readonly undo: Undo | null }>();
  readonly #stop: () => void;

  constructor(
    session: Session,
    context: ActionContext,
    openCommands: (gatewayId: string) => readonly CommandRow[],
  ) {
    this.#session = session;
    this.#context = context;
    this.#openCommands = openCommands;
    this.#stop = session.commands.subscribe(() => this.#announce(session.commands.getSnapshot().rows));
  }

  close(): void {
    this.#stop();
  }

  start(draft: CommandDraft): void {
    if (refusesToWrite(this.#context)) return;
    const action: Action = catalogue[draft.action];
    if (action.danger === 'read' || action.danger === 'reversible') {
      void this.#send(draft);
      return;
    }
    const target = targetOf(draft);
    const running = this.#openCommands(draft.gateway?.id ?? '').filter(({ status }) => status !== 'pending');
    const shown = running.slice(0, 3).map((row) => `${plain(row.action)} ${commandState(row).word}`);
    this.#context.overlays.open((close) => (
      <ConfirmDialog
        title={`${action.title}: ${target}`}
        sentences={[
          action.summary,
          running.length === 0 ? `Nothing runs on ${target} now.` : `On ${target} now: ${shown.join(', ')}.`,
        ]}
        yes={action.title.split(' ')[0] ?? 'Go on'}
        typedName={action.danger === 'destructive' ? target : null}
        onConfirm={() => void this.#send(draft)}
        onClose={close}
      />
    ));
  }

  undo({ action, gateway: id, agent }: Undo): void {
    const { messages } = this.#context;
    if (refusesToWrite(this.#context)) return;
    messages.clear();
    const gateway = this.#session.gateways.getSnapshot().rows.find((row) => row.id === id) ?? null;
    if (gateway === null && id !== null) messages.warn('The gateway of this command is gone.');
    else void this.#send({ action, payload: {}, gateway, ...(agent === undefined ? {} : { agent }) });
  }

  repeat(command: CommandRow): void {
    const { messages } = this.#context;
    const rows = this.#session.gateways.getSnapshot().rows;
    const gateway = rows.find(({ id }) => id === command.gateway_id) ?? null;
    if (!isActionName(command.action)) {
      messages.warn(`This program does not know the action ${plain(command.action)}.`);
    } else if (gateway === null && needsGateway(catalogue[command.action])) {
      messages.warn('The gateway of this command is gone.');
    } else {
      const agent = command.agent_slug === null ? {} : { agent: command.agent_slug };
      this.start({ action: command.action, payload: command.payload, gateway, ...agent });
    }
  }

  cancel(command: CommandRow): void {
    const { messages } = this.#context;
    if (refusesToWrite(this.#context)) return;
    if (isFinished(command)) {
      messages.say(`It is ${commandState(command).word} already.`);
      return;
    }
    void this.#try(async () => {
      const now = await this.#session.cancel(command.id);
      messages.say(now.status === 'cancelled' ? 'Cancelled.' : 'The runner was asked to stop it.');
    });
  }

  settleAlert(id: string, how: 'acknowledge' | 'dismiss'): void {
    if (refusesToWrite(this.#context)) return;
    void this.#try(async () => {
      await this.#session[how](id);
      this.#context.messages.say(how === 'acknowledge' ? 'Acknowledged.' : 'Dismissed.');
    });
  }

  /** Announces every command of this operator that has finished since. */
  #announce(commands: readonly CommandRow[]): void {
    if (this.#started.size === 0) return;
    const { messages } = this.#context;
    for (const command of commands) {
      const started = this.#started.get(command.id);
      if (started === undefined || !isFinished(command)) continue;
      this.#started.delete(command.id);
      const name = `${plain(command.action)} on ${started.target}`;
      if (command.status === 'done') {
        messages.say(`${name}: ${plain(resultText(command))}`, 'good', started.undo);
      } else if (command.status === 'cancelled') messages.say(`${name} was cancelled.`);
      else messages.warn(`${name} failed: ${plain(command.error_message ?? 'no reason was given')}`);
    }
  }

  async #send(draft: CommandDraft): Promise<void> {
    const action: Action = catalogue[draft.action];
    const { messages, overlays, router, isFiltering } = this.#context;
    const target = targetOf(draft);
    const trail = router.trail.get();
    messages.say(`${action.title}: ${target}`, 'busy');
    await this.#try(async () => {
      const agent = draft.agent === undefined ? {} : { agent: draft.agent };
      const command = await this.#session.enqueue({
        action: draft.action,
        payload: draft.payload,
        ...(draft.gateway === null ? {} : { gateway: draft.gateway.id }),
        ...agent,
      });
      const undo =
        action.undo !== undefined && isActionName(action.undo)
          ? { action: action.undo, gateway: draft.gateway?.id ?? null, ...agent }
          : null;
      this.#started.set(command.id, { target, undo });
      messages.say(`${action.title}: ${target}, sent`, 'plain', undo);
      // The database's own actions are finished when they are enqueued.
      this.#announce([command]);
      const isWatched = action.danger === 'disruptive' || action.danger === 'destructive';
      // HQ may have taken long: keys that are meant for a form, a filter or another screen must not reach this one.
      const isUndisturbed = !overlays.isOpen && !isFiltering() && router.trail.get() === trail;
      if ((isWatched || openedAtOnce.has(draft.action)) && isUndisturbed) router.open('command', command.id);
    });
  }

  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (failure) {
      this.#context.messages.warn(errorText(failure));
    }
  }
}

function targetOf({ gateway, agent }: Pick<CommandDraft, 'gateway' | 'agent'>): string {
  return plain(agent ?? gateway?.slug ?? 'the workspace');
}

/** Returns true for an action that cannot be sent without a gateway. */
export function needsGateway({ target, executor }: Pick<Action, 'target' | 'executor'>): boolean {
  return target === 'gateway' || (target === 'agent' && executor === 'runner');
}

function resultText({ action, result }: CommandRow): string {
  const warning = resultWarning(action, result);
  return describeResult(action, result) ?? (warning === null ? 'done' : `done. ${warning}`);
}
