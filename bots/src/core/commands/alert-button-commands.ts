import { HqError } from '@hq/shared/errors';
import { commandRow } from '@hq/shared/rows';
import { z } from 'zod';
import { findAction, targetValues } from '../action-table.ts';
import { carried, textArgument } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { defineCommand } from './define-command.ts';

const failedCommand = commandRow.extend({ gateway: z.string().nullish() });

/** The values that a next step may need. */
const targets = ['gateway', 'agent', 'task', 'deliverable', 'question'] as const;

/** The commands of buttons whose message stays: it shows what was done, and who decided. */
export const alertButtonCommands: readonly Command[] = [
  defineCommand({
    name: 'alert_seen',
    title: 'Acknowledge',
    summary: 'Marks the alerts as seen.',
    arguments: [carried('alerts')],
    run: (context) =>
      decide(
        context,
        'acknowledge_alert',
        (context.values.alerts ?? '').split(',').map((alert) => ({ alert })),
      ),
  }),
  defineCommand({
    name: 'alert_mute',
    title: 'Mute',
    summary: 'Sends no more of this alert for a while.',
    arguments: [carried('alert'), carried('minutes')],
    run(context) {
      const { alert = '', minutes = '60' } = context.values;
      return decide(context, 'mute_alert', [{ alert, minutes: Number(minutes) }]);
    },
  }),
  defineCommand({
    name: 'retry',
    title: 'Retry',
    summary: 'Runs the failed command again.',
    arguments: [carried('command')],
    async run({ delivery, services, values }) {
      const [row] = await services.api.read(delivery, 'command', { id: values.command ?? '' }, failedCommand);
      const action = row === undefined ? undefined : findAction(services.actions, row.action);
      if (row === undefined || action === undefined) {
        throw new HqError('not_found', 'The command that failed no longer exists.');
      }
      const target = targetValues(action, { gateway: row.gateway, agent: row.agent_slug });
      // The message with the button still says why it failed.
      return { command: row.action, values: { ...textsOf(row.payload), ...target }, inNewMessage: true };
    },
  }),
  defineCommand({
    name: 'next',
    title: 'Next step',
    summary: 'Runs what follows a command.',
    arguments: [carried('run'), ...targets.map((name) => textArgument(name, ''))],
    async run({ values: { run = '', ...values } }) {
      return { command: run, values, inNewMessage: true };
    },
  }),
  defineCommand({
    name: 'answer_choice',
    title: 'Answer',
    summary: 'Answers the question of the agent.',
    arguments: [carried('question'), carried('answer')],
    run: (context) => decide(context, 'answer_question', [context.values]),
  }),
  defineCommand({
    name: 'approve_sender',
    title: 'Approve',
    summary: 'Lets the person write to the agent.',
    arguments: [carried('pairing_code'), carried('channel'), carried('gateway')],
    run: async ({ values }) => ({ command: 'approve_pairing', values, inNewMessage: true }),
  }),
  defineCommand({
    name: 'logs_of',
    title: 'Open logs',
    summary: 'Shows the last lines of the gateway’s log.',
    arguments: [carried('gateway')],
    private: true,
    run: async ({ values }) => ({ command: 'tail_logs', values, inNewMessage: true }),
  }),
];

/** Runs an action about alerts for each payload; a delivery's key stands for one action. */
async function decide(
  { delivery, services }: CommandContext,
  action: string,
  payloads: readonly object[],
): Promise<undefined> {
  for (const [at, payload] of payloads.entries()) {
    const key = at === 0 ? delivery.key : `${delivery.key}:${at}`;
    await services.api.act({ ...delivery, key }, { p_action: action, p_payload: payload });
  }
  services.onAlertsDecided();
}

function textsOf(payload: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).flatMap(([key, value]) =>
      ['string', 'number', 'boolean'].includes(typeof value) ? [[key, String(value)]] : [],
    ),
  );
}
