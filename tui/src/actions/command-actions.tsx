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
import type { Messages, Undo } from '../app/messages.ts';
import { commandState } from '../columns/command-state.ts';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import type { Session } from '../session/session.ts';
import { type ActionContext, attempt, refusesToWrite } from './action-context.ts';
import { withNamesHint } from './names-hint.ts';

/** An action with everything it needs, as it was when the key was pressed. */
interface CommandDraft {
  readonly action: ActionName;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Null for an action on the workspace, or on an agent without a gateway. */
  readonly gateway: GatewayRow | null;
  /** The slug of the agent, for actions on one. */
  readonly agent?: string;
  /** Called where the database refuses it, or does not answer. */
  readonly onRefused?: () => void;
}

/** Actions whose output is the answer: their command is opened at once. */
const openedAtOnce = new Set<string>(['tail_logs', 'stack_status', 'list_models', 'wake_agent']);

export interface CommandActions {
  /** Asks first where that is due. */
  readonly start: (draft: CommandDraft) => void;
  readonly undo: (undo: Undo) => void;
  readonly repeat: (command: CommandRow) => void;
  readonly cancel: (command: CommandRow) => void;
  readonly settleAlert: (id: string, how: 'acknowledge' | 'dismiss') => void;
  readonly close: () => void;
}

/** Starts commands, and announces how they ended. `openCommands` gives those of a gateway that have not finished. */
export function createCommandActions(
  session: Session,
  context: ActionContext,
  openCommands: (gatewayId: string) => readonly CommandRow[],
): CommandActions {
  const { messages, overlays, router } = context;
  const announcer = createAnnouncer(session, messages);
  const findGateway = (wanted: string | null): GatewayRow | null =>
    session.gateways.getSnapshot().rows.find(({ id }) => id === wanted) ?? null;

  function send({ action: name, payload, gateway, onRefused, ...agent }: CommandDraft): Promise<void> {
    const action: Action = catalogue[name];
    const target = targetOf({ gateway, ...agent });
    const trail = router.trail.get();
    messages.say(`${action.title}: ${target}`, 'busy');
    return attempt(context, async () => {
      const on = gateway === null ? {} : { gateway: gateway.id };
      const command = await session
        .enqueue({ action: name, payload, ...on, ...agent })
        .catch(async (failure: unknown) => {
          onRefused?.();
          const known = () => session.agents.getSnapshot().rows;
          throw await withNamesHint(failure, payload, known, 'The screen Agents');
        });
      const undo =
        action.undo !== undefined && isActionName(action.undo)
          ? { action: action.undo, gateway: gateway?.id ?? null, ...agent }
          : null;
      messages.say(`${action.title}: ${target}, sent`, 'plain', undo);
      announcer.expect(command, { target, undo });
      const isWatched = needsConfirmation(action) || openedAtOnce.has(name);
      // HQ may have taken long: keys that are meant for a form, a filter or another screen must not reach this one.
      const isUndisturbed = !overlays.isOpen && !context.isFiltering() && router.trail.get() === trail;
      if (isWatched && isUndisturbed) router.open('command', command.id);
    });
  }

  function start(draft: CommandDraft): void {
    if (refusesToWrite(context)) return;
    const action: Action = catalogue[draft.action];
    if (!needsConfirmation(action)) {
      void send(draft);
      return;
    }
    overlays.open((close) => (
      <ConfirmDialog
        {...questionOf(draft, openCommands(draft.gateway?.id ?? ''))}
        onConfirm={() => void send(draft)}
        onClose={close}
      />
    ));
  }

  return {
    start,
    close: announcer.close,
    undo({ gateway: id, ...undo }) {
      if (refusesToWrite(context)) return;
      messages.clear();
      const gateway = findGateway(id);
      if (gateway === null && id !== null) messages.warn('The gateway of this command is gone.');
      else void send({ ...undo, payload: {}, gateway });
    },
    repeat({ action, payload, gateway_id, agent_slug }) {
      const gateway = findGateway(gateway_id);
      if (!isActionName(action)) messages.warn(`This program does not know the action ${plain(action)}.`);
      else if (gateway === null && needsGateway(catalogue[action]))
        messages.warn('The gateway of this command is gone.');
      else start({ action, payload, gateway, ...(agent_slug === null ? {} : { agent: agent_slug }) });
    },
    cancel(command) {
      if (refusesToWrite(context)) return;
      if (isFinished(command)) messages.say(`It is ${commandState(command).word} already.`);
      else
        void attempt(context, async () => {
          const now = await session.cancel(command.id);
          messages.say(now.status === 'cancelled' ? 'Cancelled.' : 'The runner was asked to stop it.');
        });
    },
    settleAlert(id, how) {
      if (refusesToWrite(context)) return;
      void attempt(context, async () => {
        await session[how](id);
        messages.say(how === 'acknowledge' ? 'Acknowledged.' : 'Dismissed.');
      });
    },
  };
}

interface Started {
  readonly target: string;
  readonly undo: Undo | null;
}

/** Announces how the commands of this operator end. */
function createAnnouncer({ commands }: Session, messages: Messages) {
  const started = new Map<string, Started>();
  const announce = (rows: readonly CommandRow[]): void => {
    for (const command of started.size === 0 ? [] : rows) {
      const own = started.get(command.id);
      if (own === undefined || !isFinished(command)) continue;
      started.delete(command.id);
      const name = `${plain(command.action)} on ${own.target}`;
      if (command.status === 'done') messages.say(`${name}: ${plain(resultText(command))}`, 'good', own.undo);
      else if (command.status === 'cancelled') messages.say(`${name} was cancelled.`);
      else messages.warn(`${name} failed: ${plain(command.error_message ?? 'no reason was given')}`);
    }
  };
  return {
    expect(command: CommandRow, own: Started): void {
      started.set(command.id, own);
      // The database's own actions are finished when they are enqueued.
      announce([command]);
    },
    close: commands.subscribe(() => announce(commands.getSnapshot().rows)),
  };
}

/** The question before an action: its effect, its target, and what runs there now. */
function questionOf(draft: CommandDraft, open: readonly CommandRow[]) {
  const action: Action = catalogue[draft.action];
  const target = targetOf(draft);
  const running = open.filter(({ status }) => status !== 'pending');
  const shown = running.slice(0, 3).map((row) => `${plain(row.action)} ${commandState(row).word}`);
  const now =
    running.length === 0 ? `No command runs on ${target} now.` : `On ${target} now: ${shown.join(', ')}.`;
  return {
    title: `${action.title}: ${target}`,
    // Commands are known by their gateway; one for the workspace has none.
    sentences: [action.consequence ?? action.summary, ...(draft.gateway === null ? [] : [now])],
    yes: action.title.split(' ')[0] ?? 'Go on',
    typedName: action.danger === 'destructive' ? target : null,
  };
}

function needsConfirmation({ danger }: Action): boolean {
  return danger === 'disruptive' || danger === 'destructive';
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
