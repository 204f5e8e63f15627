import { HqError } from '@hq/shared/errors';
import { commandRow } from '@hq/shared/rows';
import { z } from 'zod';
import type { Command } from '../../contract/command.ts';
import { findAction } from '../action-table.ts';
import { buttonArgument, buttonDefaults } from './button-defaults.ts';
import { runAction } from './run-action.ts';

const failedCommand = commandRow.extend({ gateway: z.string().nullish() });

/** What the buttons of an alert say. The message of the alert stays what it is, and says who decided. */
export const alertButtonCommands: readonly Command[] = [
  {
    ...buttonDefaults,
    name: 'alert_seen',
    title: 'Acknowledge',
    summary: 'Says that somebody has seen the alerts.',
    arguments: [buttonArgument('alerts')],
    async run(context) {
      const ids = (context.values.alerts ?? '').split(',');
      for (const [at, alert] of ids.entries()) {
        const delivery =
          at === 0 ? context.delivery : { ...context.delivery, delivery: `${context.delivery.key}:${at}` };
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
    summary: 'Tells nobody of this for a while.',
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
    summary: 'Asks for the same again.',
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
        throw new HqError('not_found', 'What failed is not known here any more.');
      }
      const target = {
        ...(action.target === 'gateway' && row.gateway ? { gateway: row.gateway } : {}),
        ...(action.target === 'agent' && row.agent_slug !== null ? { agent: row.agent_slug } : {}),
      };
      // The message that bears the button stays, and what it says of the failure.
      await runAction(row.action, action, {
        ...context,
        values: { ...textsOf(row.payload), ...target },
        replace: context.answer,
      });
    },
  },
  {
    ...buttonDefaults,
    name: 'logs_of',
    title: 'Open logs',
    summary: 'Shows the last lines of the gateway’s log.',
    arguments: [buttonArgument('gateway')],
    private: true,
    async run(context) {
      const action = findAction(context.services.actions, 'tail_logs');
      if (action === undefined) throw new HqError('not_found', 'Logs cannot be shown here.');
      await runAction('tail_logs', action, { ...context, replace: context.answer });
    },
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
