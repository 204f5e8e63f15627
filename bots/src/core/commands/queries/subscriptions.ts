import { z } from 'zod';
import type { Command } from '../../../contract/command.ts';
import { severities } from '../../alerts/alert-row.ts';
import { alertFilter } from '../../api/chat-api.ts';
import { filterOf, limitsOf, severityOf } from './alert-filters.ts';
import { by, listed, looking, oneOf } from './query-defaults.ts';
import { code, joined, page, showList, text } from './show-list.ts';

const subscription = z.object({
  platform: z.string(),
  channel: z.string(),
  here: z.boolean(),
  filter: alertFilter,
  disabled_reason: z.string().nullable(),
});

export const subscribing: readonly Command[] = [
  {
    ...looking,
    name: 'subscribe',
    group: 'chat',
    aliases: ['alerts subscribe'],
    title: 'Bring alerts here',
    summary: 'Sends the alerts to this chat, those that the filter lets through.',
    arguments: [
      oneOf('severity', 'This and what is worse; all where left out', severities),
      by('kinds', null, 'Only these kinds, with commas'),
      by('agents', null, 'Only about these agents, with commas'),
      by('tags', null, 'Only with these tags, with commas'),
      by('quiet', null, 'When to be quiet, such as 22:00-07:00'),
      by('tz', null, 'The time zone of quiet, such as Europe/Berlin'),
      {
        name: 'digest',
        summary: 'Minutes between two summaries, in place of single messages',
        kind: 'integer',
        required: false,
        completion: null,
        min: 1,
        max: 1440,
      },
    ],
    rank: 18,
    async run({ said, values, house, answer }) {
      const wanted = filterOf(values);
      await house.hq.subscribe(said, wanted);
      house.onSubscriptions(said.speaker.platform);
      await answer({
        title: 'Alerts come here now',
        tone: 'good',
        state: severityOf(wanted),
        fields: limitsOf(wanted).map(([label, value]) => ({ label, value })),
        footer: 'unsubscribe ends it.',
      });
    },
  },
  {
    ...looking,
    name: 'subscriptions',
    group: 'chat',
    aliases: listed('subscriptions'),
    title: 'Who is told of alerts',
    summary: 'Tells which alerts come to this chat; an admin sees all chats.',
    arguments: [page],
    rank: 62,
    async run(asked) {
      const rows = await asked.house.hq.read(asked.said, 'subscriptions', { limit: 100 }, subscription);
      await showList(asked, {
        command: 'subscriptions',
        title: 'Who is told of alerts',
        lines: rows.map((row) => [
          text(row.here ? 'this chat' : `${row.platform} `),
          ...(row.here ? [] : [code(row.channel)]),
          text(
            `: ${joined(
              row.disabled_reason === null ? severityOf(row.filter) : `ended: ${row.disabled_reason}`,
              ...limitsOf(row.filter).map(([label, value]) => `${label.toLowerCase()} ${value}`),
            )}`,
          ),
        ]),
        none: 'No alerts come here.',
        footer: 'subscribe brings them, and changes which.',
      });
    },
  },
  {
    ...looking,
    name: 'unsubscribe',
    group: 'chat',
    aliases: ['alerts unsubscribe'],
    title: 'No alerts here',
    summary: 'Ends the alerts in this chat.',
    arguments: [],
    rank: 61,
    async run({ said, house, answer }) {
      await house.hq.unsubscribe(said);
      house.onSubscriptions(said.speaker.platform);
      await answer({ title: 'No more alerts come here', tone: 'neutral', state: 'unsubscribed' });
    },
  },
];
