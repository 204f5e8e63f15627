import { HqError } from '@hq/shared/errors';
import { commandRow } from '@hq/shared/rows';
import { z } from 'zod';
import type { Command } from '../../contract/command.ts';
import { actionOf } from '../action-table.ts';
import { brings, unspoken } from './button-defaults.ts';
import { runAction } from './run-action.ts';

const failedCommand = commandRow.extend({ gateway: z.string().nullish() });

/** What the buttons of an alert say. The message of the alert stays what it is, and says who decided. */
export const alertButtons: readonly Command[] = [
  {
    ...unspoken,
    name: 'alert_seen',
    title: 'Acknowledge',
    summary: 'Says that somebody has seen the alerts.',
    arguments: [brings('alerts')],
    async run(asked) {
      const ids = (asked.values.alerts ?? '').split(',');
      for (const [at, alert] of ids.entries()) {
        const said = at === 0 ? asked.said : { ...asked.said, delivery: `${asked.said.delivery}:${at}` };
        await asked.house.hq.act(said, {
          action: 'acknowledge_alert',
          payload: { alert },
          gateway: null,
          agent: null,
        });
      }
      asked.house.onAlertsDecided();
    },
  },
  {
    ...unspoken,
    name: 'alert_mute',
    title: 'Mute',
    summary: 'Tells nobody of this for a while.',
    arguments: [brings('alert'), brings('minutes')],
    async run(asked) {
      const { alert = '', minutes = '60' } = asked.values;
      await asked.house.hq.act(asked.said, {
        action: 'mute_alert',
        payload: { alert, minutes: Number(minutes) },
        gateway: null,
        agent: null,
      });
      asked.house.onAlertsDecided();
    },
  },
  {
    ...unspoken,
    name: 'retry',
    title: 'Retry',
    summary: 'Asks for the same again.',
    arguments: [brings('command')],
    async run(asked) {
      const [row] = await asked.house.hq.read(
        asked.said,
        'command',
        { id: asked.values.command ?? '' },
        failedCommand,
      );
      const action = row === undefined ? undefined : actionOf(asked.house.actions, row.action);
      if (row === undefined || action === undefined) {
        throw new HqError('not_found', 'What failed is not known here any more.');
      }
      const target = {
        ...(action.target === 'gateway' && row.gateway ? { gateway: row.gateway } : {}),
        ...(action.target === 'agent' && row.agent_slug !== null ? { agent: row.agent_slug } : {}),
      };
      // The message that bears the button stays, and what it says of the failure.
      await runAction(row.action, action, {
        ...asked,
        values: { ...textsOf(row.payload), ...target },
        replace: asked.answer,
      });
    },
  },
  {
    ...unspoken,
    name: 'logs_of',
    title: 'Open logs',
    summary: 'Shows the last lines of the gateway’s log.',
    arguments: [brings('gateway')],
    private: true,
    async run(asked) {
      const action = actionOf(asked.house.actions, 'tail_logs');
      if (action === undefined) throw new HqError('not_found', 'Logs cannot be shown here.');
      await runAction('tail_logs', action, { ...asked, replace: asked.answer });
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
