import { HqError } from '@hq/shared/errors';
import { age } from '@hq/shared/text';
import { z } from 'zod';
import type { AlertFilter } from '../chat-hq.ts';
import type { Command } from '../command.ts';
import { code, joined, page, showList, text } from './list.ts';
import { by, filter, looking, oneOf } from './looking.ts';

const severities = ['info', 'warning', 'error', 'critical'] as const;
const alert = z.object({
  id: z.string(),
  created_at: z.string(),
  last_at: z.string(),
  type: z.string(),
  severity: z.string(),
  title: z.string(),
  occurrences: z.number(),
  read_at: z.string().nullable(),
  resolved_at: z.string().nullable(),
});
const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

export const alertCommands: readonly Command[] = [
  {
    ...looking,
    name: 'alerts',
    aliases: ['list alerts', 'alerts list'],
    title: 'Alerts',
    summary: 'Lists the alerts that are open.',
    arguments: [oneOf('status', 'Only these', ['open', 'all', ...severities]), page],
    rank: 14,
    async run(asked) {
      const rows = await asked.house.hq.read(asked.said, 'alerts', filter(asked.values), alert);
      const now = asked.house.now();
      await showList(asked, {
        command: 'alerts',
        title: 'Alerts',
        lines: rows.map((row) => [
          code(row.id.slice(0, 8)),
          text(
            ` ${joined(row.title, row.severity, row.occurrences > 1 && `${row.occurrences} times`, row.resolved_at !== null && 'over', row.read_at !== null && 'seen', age(now - Date.parse(row.last_at)))}`,
          ),
        ]),
        none: 'No alert is open.',
        footer: 'ack ID, mute ID. subscribe brings them here.',
      });
    },
  },
  {
    ...looking,
    name: 'subscribe',
    aliases: ['alerts subscribe'],
    title: 'Bring alerts here',
    summary: 'Sends the alerts to this chat, those that the filter lets through.',
    arguments: [
      oneOf('severity', 'This and what is worse; warning where left out', severities),
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
        state: `${wanted.severity} and worse`,
        fields: [
          ...(wanted.kinds === undefined ? [] : [{ label: 'Kinds', value: wanted.kinds.join(', ') }]),
          ...(wanted.agents === undefined ? [] : [{ label: 'Agents', value: wanted.agents.join(', ') }]),
          ...(wanted.tags === undefined ? [] : [{ label: 'Tags', value: wanted.tags.join(', ') }]),
          ...(wanted.quiet === undefined
            ? []
            : [{ label: 'Quiet', value: `${wanted.quiet.from} to ${wanted.quiet.to}, ${wanted.quiet.tz}` }]),
          ...(wanted.digest_minutes === undefined
            ? []
            : [{ label: 'Summary', value: `every ${wanted.digest_minutes} min` }]),
        ],
        footer: 'unsubscribe ends it.',
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

function filterOf(values: Readonly<Record<string, string>>): AlertFilter & { severity: string } {
  const [kinds, agents, tags] = [list(values.kinds), list(values.agents), list(values.tags)];
  const quiet = quietOf(values.quiet, values.tz);
  return {
    severity: values.severity ?? 'warning',
    ...(kinds.length > 0 && { kinds }),
    ...(agents.length > 0 && { agents }),
    ...(tags.length > 0 && { tags }),
    ...(quiet !== undefined && { quiet }),
    ...(values.digest !== undefined && { digest_minutes: Number(values.digest) }),
  };
}

const hours = /^(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d{2}))?$/u;

function quietOf(text: string | undefined, tz = 'UTC'): AlertFilter['quiet'] {
  if (text === undefined) return undefined;
  const match = hours.exec(text.trim());
  const from = timeOf(match?.[1], match?.[2]);
  const to = timeOf(match?.[3], match?.[4]);
  if (from === null || to === null) {
    throw new HqError('usage', `“${text.slice(0, 40)}” are no hours.`, {
      field: 'quiet',
      hint: 'Say them as 22:00-07:00.',
    });
  }
  if (!isTimeZone(tz)) {
    throw new HqError('usage', `There is no time zone “${tz.slice(0, 40)}”.`, {
      field: 'tz',
      hint: 'Say it as Europe/Berlin.',
    });
  }
  return { from, to, tz };
}

function timeOf(hour: string | undefined, minute = '00'): string | null {
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return null;
  return `${hour.padStart(2, '0')}:${minute}`;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
