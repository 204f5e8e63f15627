import { HqError } from '@hq/shared/errors';

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Parses `90s`, `15m`, `2h`, `3d` or `1w` before the database's now, or a date; returns ISO 8601. */
export function parseSince(text: string, databaseNow: number): string {
  const span = /^(\d{1,6})([smhdw])$/.exec(text);
  const [, amount, unit = ''] = span ?? [];
  const each = unitMs[unit];
  if (amount !== undefined && each !== undefined) {
    return new Date(databaseNow - Number(amount) * each).toISOString();
  }
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new HqError('usage', `“${text}” is not a time.`, {
      field: '--since',
      hint: 'Give a span such as 90s, 15m, 2h, 3d or 1w, or a date such as 2026-11-22T10:00Z.',
    });
  }
  return new Date(at).toISOString();
}

/** Parses seconds, with a fraction if given; returns milliseconds. */
export function parseSeconds(text: string, field: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= 86_400)) {
    throw new HqError('usage', `“${text}” is not a number of seconds up to 86400.`, { field });
  }
  return seconds * 1000;
}

export function parseCount(text: string, most: number, field: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= most) return count;
  throw new HqError('usage', `“${text}” is not a number from 1 to ${most}.`, { field });
}
