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
import { commandState } from '../columns/command-state.ts';
import type { House } from './house.ts';
import type { Undo } from './messages.ts';
import { ConfirmDialog } from './overlays/confirm-dialog.ts';
import { sentence } from './sentence.ts';
import { refusesToWrite, type Stage } from './stage.ts';

/** An action with everything it needs, as it was when the key was pressed. */
export interface Order {
  readonly action: ActionName;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Null for what is aimed at the workspace, or at an agent on no gateway. */
  readonly gateway: GatewayRow | null;
  /** The slug of the agent, for actions that are aimed at one. */
  readonly agent?: string;
}

/** Reads whose answer is the output itself: what was asked for is shown at once. */
const shownAtOnce = new Set<string>(['tail_logs', 'stack_status']);

/** Sends what an operator orders: asks first where that is due, and tells what became of it. */
export class Acting {
  readonly #house: House;
  readonly #stage: Stage;
  /** Commands of this operator that are not finished yet. */
  readonly #sent = new Map<string, { readonly aim: string; readonly undo: Undo | null }>();

  constructor(house: House, stage: Stage) {
    this.#house = house;
    this.#stage = stage;
  }

  /** `open`: commands of this gateway that have not finished. */
  order(order: Order, open: readonly CommandRow[]): void {
    if (refusesToWrite(this.#stage)) return;
    const action: Action = catalogue[order.action];
    if (action.danger === 'read' || action.danger === 'reversible') {
      void this.#send(order);
      return;
    }
    const aim = aimOf(order);
    const running = open.filter(({ status }) => status !== 'pending');
    const told = running
      .slice(0, 3)
      .map((command) => `${plain(command.action)} ${commandState(command).word}`);
    this.#stage.ask(
      new ConfirmDialog({
        title: `${action.title}: ${aim}`,
        sentences: [
          action.summary,
          running.length === 0 ? `Nothing runs on ${aim} now.` : `On ${aim} now: ${told.join(', ')}.`,
        ],
        yes: action.title.split(' ')[0] ?? 'Go on',
        typedName: action.danger === 'destructive' ? aim : null,
        confirmed: () => void this.#send(order),
      }),
    );
  }

  undo(undo: Undo): void {
    if (refusesToWrite(this.#stage)) return;
    this.#stage.messages.clear();
    const gateway = this.#house.gateways.getSnapshot().rows.find(({ id }) => id === undo.gateway) ?? null;
    if (gateway === null && undo.gateway !== null) return;
    const agent = undo.agent === undefined ? {} : { agent: undo.agent };
    void this.#send({ action: undo.action, payload: {}, gateway, ...agent });
  }

  again(command: CommandRow, gateway: GatewayRow | null, open: readonly CommandRow[]): void {
    if (!isActionName(command.action)) {
      this.#stage.messages.warn(`This program does not know the action ${plain(command.action)}.`);
    } else if (gateway === null && needsGateway(catalogue[command.action])) {
      this.#stage.messages.warn('The gateway of this command is gone.');
    } else {
      const agent = command.agent_slug === null ? {} : { agent: command.agent_slug };
      this.order({ action: command.action, payload: command.payload, gateway, ...agent }, open);
    }
  }

  cancel(command: CommandRow): void {
    if (refusesToWrite(this.#stage)) return;
    if (isFinished(command)) {
      this.#stage.messages.say(`It is ${commandState(command).word} already.`);
      return;
    }
    const { house, stage } = { house: this.#house, stage: this.#stage };
    void this.#try(async () => {
      const now = await house.cancel(command.id);
      stage.messages.say(now.status === 'cancelled' ? 'Cancelled.' : 'The runner was asked to stop it.');
    });
  }

  settle(alertId: string, how: 'acknowledge' | 'dismiss'): void {
    if (refusesToWrite(this.#stage)) return;
    void this.#try(async () => {
      await this.#house[how](alertId);
      this.#stage.messages.say(how === 'acknowledge' ? 'Acknowledged.' : 'Dismissed.');
    });
  }

  /** Tells of every command of this operator that has finished since. */
  watch(commands: readonly CommandRow[]): void {
    if (this.#sent.size === 0) return;
    for (const command of commands) {
      const sent = this.#sent.get(command.id);
      if (sent === undefined || !isFinished(command)) continue;
      this.#sent.delete(command.id);
      const name = `${plain(command.action)} on ${sent.aim}`;
      const { messages } = this.#stage;
      if (command.status === 'done') {
        messages.say(`${name}: ${plain(resultText(command))}`, 'good', sent.undo);
      } else if (command.status === 'cancelled') messages.say(`${name} was cancelled.`);
      else messages.warn(`${name} failed: ${plain(command.error_message ?? 'no reason was given')}`);
    }
  }

  async #send({ action: name, payload, gateway, agent }: Order): Promise<void> {
    const action: Action = catalogue[name];
    const aim = aimOf({ gateway, ...(agent === undefined ? {} : { agent }) });
    this.#stage.messages.say(`${action.title}: ${aim}`, 'busy');
    await this.#try(async () => {
      const command = await this.#house.enqueue({
        action: name,
        payload,
        ...(gateway === null ? {} : { gateway: gateway.id }),
        ...(agent ? { agent } : {}),
      });
      const undo =
        action.undo !== undefined && isActionName(action.undo)
          ? { action: action.undo, gateway: gateway?.id ?? null, ...(agent === undefined ? {} : { agent }) }
          : null;
      this.#sent.set(command.id, { aim, undo });
      this.#stage.messages.say(`${action.title}: ${aim}, sent`, 'plain', undo);
      // What the database does itself has come to its end already.
      this.watch([command]);
      if (action.danger === 'disruptive' || action.danger === 'destructive' || shownAtOnce.has(name)) {
        this.#stage.openCommand(command.id);
      }
    });
  }

  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (failure) {
      this.#stage.messages.warn(sentence(failure));
    }
    this.#stage.changed();
  }
}

/** What an order is about, in a word. */
function aimOf({ gateway, agent }: Pick<Order, 'gateway' | 'agent'>): string {
  return plain(agent ?? gateway?.slug ?? 'the workspace');
}

/** Whether there is nothing to send where no gateway is known. */
export function needsGateway({ target, executor }: Pick<Action, 'target' | 'executor'>): boolean {
  return target === 'gateway' || (target === 'agent' && executor === 'runner');
}

function resultText({ action, result }: CommandRow): string {
  const warning = resultWarning(action, result);
  return describeResult(action, result) ?? (warning === null ? 'done' : `done. ${warning}`);
}
