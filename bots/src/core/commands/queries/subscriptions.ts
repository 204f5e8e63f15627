import { z } from 'zod';
import { severities } from '../../alerts/alert-row.ts';
import { alertFilter } from '../../api/chat-api.ts';
import type { Command } from '../command.ts';
import { filterOf, limitsOf, severityOf } from './alert-filters.ts';
import { listCommand } from './list-command.ts';
import {
  choiceArgument,
  integerArgument,
  listAliases,
  queryDefaults,
  textArgument,
} from './query-defaults.ts';
import { code, joinParts, text } from './show-list.ts';

const subscription = z.object({
  platform: z.string(),
  channel: z.string(),
  here: z.boolean(),
  filter: alertFilter,
  disabled_reason: z.string().nullable(),
});

export const subscriptionCommands: readonly Command[] = [
  {
    ...queryDefaults,
    name: 'subscribe',
    group: 'chat',
    aliases: ['alerts subscribe'],
    title: 'Bring alerts here',
    summary: 'Sends the alerts that pass the filter to this chat.',
    arguments: [
      choiceArgument('severity', 'This severity and worse; all if left out', severities),
      textArgument('kinds', null, 'Only these kinds, with commas'),
      textArgument('agents', null, 'Only about these agents, with commas'),
      textArgument('tags', null, 'Only with these tags, with commas'),
      textArgument('quiet', null, 'When to be quiet, such as 22:00-07:00'),
      textArgument('tz', null, 'The time zone of quiet, such as Europe/Berlin'),
      integerArgument('digest', 'Minutes between two summaries, in place of single messages', 1440),
    ],
    rank: 18,
    async run({ delivery, values, services, responder }) {
      const wanted = filterOf(values);
      await services.api.subscribe(delivery, wanted);
      services.onSubscriptionsChanged(delivery.sender.platform);
      await responder.answer({
        title: 'Alerts come here now',
        tone: 'good',
        state: severityOf(wanted),
        fields: limitsOf(wanted).map(([label, value]) => ({ label, value })),
        footer: 'unsubscribe ends it.',
      });
    },
  },
  listCommand({
    name: 'subscriptions',
    group: 'chat',
    aliases: listAliases('subscriptions'),
    title: 'Alert subscriptions',
    summary: 'Shows the alerts that come to this chat; an admin sees all chats.',
    arguments: [],
    rank: 62,
    row: subscription,
    line: (row) => [
      text(row.here ? 'this chat' : `${row.platform} `),
      ...(row.here ? [] : [code(row.channel)]),
      text(
        `: ${joinParts(
          row.disabled_reason === null ? severityOf(row.filter) : `ended: ${row.disabled_reason}`,
          ...limitsOf(row.filter).map(([label, value]) => `${label.toLowerCase()} ${value}`),
        )}`,
      ),
    ],
    emptyText: 'No alerts come here.',
    footer: 'subscribe brings them, and changes which.',
  }),
  {
    ...queryDefaults,
    name: 'unsubscribe',
    group: 'chat',
    aliases: ['alerts unsubscribe'],
    title: 'No alerts here',
    summary: 'Ends the alerts in this chat.',
    arguments: [],
    rank: 61,
    async run({ delivery, services, responder }) {
      await services.api.unsubscribe(delivery);
      services.onSubscriptionsChanged(delivery.sender.platform);
      await responder.answer({ title: 'No more alerts come here', tone: 'neutral', state: 'unsubscribed' });
    },
  },
];
