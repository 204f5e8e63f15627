import { z } from 'zod';
import { severities } from '../../alerts/alert-row.ts';
import { alertFilter } from '../../api/chat-api.ts';
import { fieldsOf, strong } from '../../cards/card-parts.ts';
import { choiceArgument, integerArgument, textArgument } from '../arguments.ts';
import type { Command } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { filterOf, limitsOf, severityOf } from './alert-filters.ts';
import { listCommand } from './list-command.ts';

const subscription = z.object({
  platform: z.string(),
  channel: z.string(),
  here: z.boolean(),
  filter: alertFilter,
  disabled_reason: z.string().nullable(),
});

export const subscriptionCommands: readonly Command[] = [
  defineCommand({
    name: 'subscribe',
    group: 'chat',
    aliases: ['alerts subscribe'],
    title: 'Bring alerts here',
    summary: 'Sends the alerts that pass the filter to this chat.',
    arguments: [
      choiceArgument('severity', 'This severity and worse; all if left out', severities),
      textArgument('kinds', 'Only these kinds, with commas'),
      textArgument('agents', 'Only about these agents, with commas'),
      textArgument('tags', 'Only with these tags, with commas'),
      textArgument('quiet', 'When to be quiet, such as 22:00-07:00'),
      textArgument('tz', 'The time zone of quiet, such as Europe/Berlin'),
      integerArgument('digest', 'Minutes between two summaries, in place of single messages', 1440),
    ],
    rank: 18,
    async run({ delivery, values, services, responder }) {
      const wanted = filterOf(values);
      await services.api.subscribe(delivery, { p_filter: wanted });
      services.onSubscriptionsChanged(delivery.sender.platform);
      await responder.answer({
        title: 'Alerts come here now',
        tone: 'good',
        state: severityOf(wanted),
        fields: fieldsOf(...limitsOf(wanted)),
        footer: '`unsubscribe` ends it.',
      });
    },
  }),
  listCommand({
    name: 'subscriptions',
    group: 'chat',
    title: 'Alert subscriptions',
    summary: 'Shows the alerts that come to this chat; an admin sees all chats.',
    rank: 62,
    row: subscription,
    entry: ({ here, platform, channel, disabled_reason, filter }) => [
      strong(here ? 'this chat' : `${platform} ${channel}`),
      disabled_reason === null ? severityOf(filter) : `ended: ${disabled_reason}`,
      ...limitsOf(filter).map(([label, value]) => `${label.toLowerCase()} ${value}`),
    ],
    emptyText: 'No alerts come here.',
    footer: '`subscribe` brings them, and changes which.',
  }),
  defineCommand({
    name: 'unsubscribe',
    group: 'chat',
    aliases: ['alerts unsubscribe'],
    title: 'No alerts here',
    summary: 'Ends the alerts in this chat.',
    rank: 61,
    async run({ delivery, services, responder }) {
      await services.api.unsubscribe(delivery, {});
      services.onSubscriptionsChanged(delivery.sender.platform);
      await responder.answer({ title: 'No more alerts come here', tone: 'neutral', state: 'unsubscribed' });
    },
  }),
];
