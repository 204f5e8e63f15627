import { type Action, type ActionName, catalogue, isActionName, tellResult } from '@hq/shared/actions';
import { type CommandRow, type GatewayRow, isFinished } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import type { House } from './house.ts';
import type { Undo } from './messages.ts';
import { ConfirmDialog } from './overlays/confirm-dialog.ts';
import { sentence } from './sentence.ts';
import { refusesToWrite, type Stage } from './stage.ts';
import { commandState } from './told.ts';

/** An action with everything it needs, as it was when the key was pressed. */
export interface Order {
  readonly action: ActionName;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly gateway: GatewayRow;
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
  readonly #sent = new Map<string, { readonly slug: string; readonly undo: Undo | null }>();

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
    const slug = plain(order.gateway.slug);
    const running = open.filter(({ status }) => status !== 'pending');
    const told = running
      .slice(0, 3)
      .map((command) => `${plain(command.action)} ${commandState(command).word}`);
    this.#stage.ask(
      new ConfirmDialog({
        title: `${action.title}: ${slug}`,
        sentences: [
          action.summary,
          running.length === 0 ? `Nothing runs on ${slug} now.` : `On ${slug} now: ${told.join(', ')}.`,
        ],
        yes: action.title.split(' ')[0] ?? 'Go on',
        typedName: action.danger === 'destructive' ? (order.agent ?? order.gateway.slug) : null,
        confirmed: () => void this.#send(order),
      }),
    );
  }

  undo(undo: Undo): void {
    if (refusesToWrite(this.#stage)) return;
    this.#stage.messages.clear();
    const gateway = this.#house.gateways.getSnapshot().rows.find(({ id }) => id === undo.gateway);
    if (gateway !== undefined) void this.#send({ action: undo.action, payload: {}, gateway });
  }

  again(command: CommandRow, gateway: GatewayRow | null, open: readonly CommandRow[]): void {
    if (!isActionName(command.action)) {
      this.#stage.messages.warn(`This program does not know the action ${plain(command.action)}.`);
    } else if (gateway === null) {
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
      const name = `${plain(command.action)} on ${sent.slug}`;
      const { messages } = this.#stage;
      if (command.status === 'done') {
        messages.say(
          `${name}: ${plain(tellResult(command.action, command.result) ?? 'done')}`,
          'good',
          sent.undo,
        );
      } else if (command.status === 'cancelled') messages.say(`${name} was cancelled.`);
      else messages.warn(`${name} failed: ${plain(command.error_message ?? 'no reason was given')}`);
    }
  }

  async #send({ action: name, payload, gateway, agent }: Order): Promise<void> {
    const action: Action = catalogue[name];
    const slug = plain(gateway.slug);
    this.#stage.messages.say(`${action.title}: ${slug}`, 'busy');
    await this.#try(async () => {
      const command = await this.#house.enqueue({
        action: name,
        payload,
        gateway: gateway.id,
        ...(agent ? { agent } : {}),
      });
      const undo =
        action.undo !== undefined && isActionName(action.undo)
          ? { action: action.undo, gateway: gateway.id }
          : null;
      this.#sent.set(command.id, { slug, undo });
      this.#stage.messages.say(`${action.title}: ${slug}, sent`, 'plain', undo);
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
