import { HqError } from '@hq/shared/errors';
import { alertKinds } from '../../alerts/alert-kinds.ts';
import type { AlertFilter } from '../../api/chat-api.ts';
import { quote } from '../../parse/quote.ts';

/** Describes the lowest severity that a filter accepts. */
export function severityOf({ severity = 'info' }: AlertFilter): string {
  return severity === 'info' ? 'of every severity' : `${severity} and worse`;
}

/** Describes the other conditions of a filter and its times. */
export function limitsOf({ kinds, agents, tags, quiet, digest_minutes }: AlertFilter): [string, string][] {
  const limits: [string, string][] = [
    ['Kinds', kinds?.join(', ') ?? ''],
    ['Agents', agents?.join(', ') ?? ''],
    ['Tags', tags?.join(', ') ?? ''],
    ['Quiet', quiet === undefined ? '' : `${quiet.from} to ${quiet.to}, ${quiet.tz}`],
    ['Summary', digest_minutes === undefined ? '' : `every ${digest_minutes} min`],
  ];
  return limits.filter(([, value]) => value !== '');
}

/** Parses the arguments of `subscribe`. */
export function filterOf(values: Readonly<Record<string, string>>): AlertFilter {
  const [agents, tags] = [list(values.agents), list(values.tags)];
  const kinds = list(values.kinds).map(kindOf);
  const quiet = quietOf(values.quiet, values.tz);
  return {
    severity: values.severity ?? 'info',
    ...(kinds.length > 0 && { kinds }),
    ...(agents.length > 0 && { agents }),
    ...(tags.length > 0 && { tags }),
    ...(quiet !== undefined && { quiet }),
    ...(values.digest !== undefined && { digest_minutes: Number(values.digest) }),
  };
}

/** Refuses an unknown kind: it would silently accept no alert. */
function kindOf(word: string): string {
  const kind = word.toLowerCase().replaceAll(/[\s-]+/gu, '_');
  if (!alertKinds.some((known) => known === kind)) {
    throw new HqError('usage', `There is no kind of alert ${quote(word, 40)}.`, {
      field: 'kinds',
      hint: `The kinds are ${alertKinds.join(', ')}.`,
    });
  }
  return kind;
}

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const hours = /^(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d{2}))?$/u;

function quietOf(text: string | undefined, tz = 'UTC'): AlertFilter['quiet'] {
  if (text === undefined) return undefined;
  const match = hours.exec(text.trim());
  const from = timeOf(match?.[1], match?.[2]);
  const to = timeOf(match?.[3], match?.[4]);
  if (from === null || to === null) {
    throw new HqError('usage', `${quote(text, 40)} is not a span of hours.`, {
      field: 'quiet',
      hint: 'Write it as 22:00-07:00.',
    });
  }
  if (!isTimeZone(tz)) {
    throw new HqError('usage', `There is no time zone ${quote(tz, 40)}.`, {
      field: 'tz',
      hint: 'An example is Europe/Berlin.',
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
