import { HqError } from '@hq/shared/errors';
import { commandRow } from '@hq/shared/rows';
import { z } from 'zod';
import { findAction } from '../action-table.ts';
import { buttonArgument, buttonDefaults } from './button-defaults.ts';
import type { Command } from './command.ts';

const failedCommand = commandRow.extend({ gateway: z.string().nullish() });

/** The commands of an alert’s buttons. Its message stays and shows who decided. */
export const alertButtonCommands: readonly Command[] = [
  {
    ...buttonDefaults,
    name: 'alert_seen',
    title: 'Acknowledge',
    summary: 'Marks the alerts as seen.',
    arguments: [buttonArgument('alerts')],
    async run(context) {
      const ids = (context.values.alerts ?? '').split(',');
      for (const [at, alert] of ids.entries()) {
        const delivery =
          at === 0 ? context.delivery : { ...context.delivery, key: `${context.delivery.key}:${at}` };
        await context.services.api.act(delivery, {
          action: 'acknowledge_alert',
          payload: { alert },
          gateway: null,
          agent: null,
        });
      }
      context.services.onAlertsDecided();
    },
  },
  {
    ...buttonDefaults,
    name: 'alert_mute',
    title: 'Mute',
    summary: 'Sends no more of this alert for a while.',
    arguments: [buttonArgument('alert'), buttonArgument('minutes')],
    async run(context) {
      const { alert = '', minutes = '60' } = context.values;
      await context.services.api.act(context.delivery, {
        action: 'mute_alert',
        payload: { alert, minutes: Number(minutes) },
        gateway: null,
        agent: null,
      });
      context.services.onAlertsDecided();
    },
  },
  {
    ...buttonDefaults,
    name: 'retry',
    title: 'Retry',
    summary: 'Runs the failed command again.',
    arguments: [buttonArgument('command')],
    async run(context) {
      const [row] = await context.services.api.read(
        context.delivery,
        'command',
        { id: context.values.command ?? '' },
        failedCommand,
      );
      const action = row === undefined ? undefined : findAction(context.services.actions, row.action);
      if (row === undefined || action === undefined) {
        throw new HqError('not_found', 'The command that failed no longer exists.');
      }
      const target = {
        ...(action.target === 'gateway' && row.gateway ? { gateway: row.gateway } : {}),
        ...(action.target === 'agent' && row.agent_slug !== null ? { agent: row.agent_slug } : {}),
      };
      return {
        command: row.action,
        values: { ...textsOf(row.payload), ...target },
        // The message with the button still says why it failed.
        inNewMessage: true,
      };
    },
  },
  {
    ...buttonDefaults,
    name: 'logs_of',
    title: 'Open logs',
    summary: 'Shows the last lines of the gateway’s log.',
    arguments: [buttonArgument('gateway')],
    private: true,
    run: async ({ values }) => ({ command: 'tail_logs', values, inNewMessage: true }),
  },
];

function textsOf(payload: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? [[key, String(value)]]
        : [],
    ),
  );
}
