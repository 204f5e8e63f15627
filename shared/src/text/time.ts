const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `now`, `5m`, `3h`, `12d`: an age for a column. It changes once a minute at most, so that an idle screen stays still. */
export function age(milliseconds: number): string {
  // A clock that is a little behind must not show a time in the future.
  if (!(milliseconds >= minute)) return 'now';
  if (milliseconds < hour) return `${Math.floor(milliseconds / minute)}m`;
  if (milliseconds < 2 * day) return `${Math.floor(milliseconds / hour)}h`;
  return `${Math.floor(milliseconds / day)}d`;
}

/** `just now`, `5m ago`: an age for a sentence. */
export function ago(milliseconds: number): string {
  const short = age(milliseconds);
  return short === 'now' ? 'just now' : `${short} ago`;
}

/** The age of a database time for a column; `never` for null. */
export function ageOf(time: string | null, now: number): string {
  return time === null ? 'never' : age(now - Date.parse(time));
}

/** The age of a database time for a sentence; `never` for null. */
export function agoOf(time: string | null, now: number): string {
  return time === null ? 'never' : ago(now - Date.parse(time));
}

/** Milliseconds since a database time by the database's clock; null for null, 0 for a time in the future. */
export function msSince(time: string | null, databaseNow: number): number | null {
  const then = Date.parse(time ?? '');
  return Number.isNaN(then) ? null : Math.max(0, databaseNow - then);
}

/** `0.4s`, `12s`, `1m05s`, `2h07m`, `3d4h`: the time that something took. */
export function duration(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < 9950) return `${(span / second).toFixed(1)}s`;
  const seconds = Math.round(span / second);
  if (seconds < 24 * 3600) return clockSpan(seconds);
  const hours = Math.floor(seconds / 3600);
  return `${Math.floor(hours / 24)}d${hours % 24}h`;
}

/** `12s`, `1m05s`, `26h07m`: the time that something has been running, in whole seconds so that it changes once a second. */
export function elapsed(milliseconds: number): string {
  return clockSpan(Math.max(0, Math.floor(milliseconds / second)));
}

/** `14:02:09` by this machine's clock; with the date and without seconds on another day than `now`. */
export function localTime(time: string, now: number): string {
  const at = new Date(time);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (new Date(now).toDateString() === at.toDateString()) return `${clock}:${two(at.getSeconds())}`;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}

/** `14:02 UTC`; with the date on another day than `beside`. Both are database times or epoch milliseconds. */
export function utcTime(time: string | number, beside: string | number = time): string {
  const [date = '', clock = ''] = isoOf(time).split('T');
  return `${isoOf(beside).startsWith(date) ? '' : `${date} `}${clock.slice(0, 5)} UTC`;
}

/** ISO 8601 for rows and health answers; null for null. */
export function isoTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : isoOf(milliseconds);
}

/** A database time in microseconds, because two changes within a millisecond have an order; null for no time. */
export function microseconds(time: string | null): number | null {
  const milliseconds = Date.parse(time ?? '');
  if (Number.isNaN(milliseconds)) return null;
  const fraction = /\.(\d+)/.exec(time ?? '')?.[1] ?? '';
  return milliseconds * 1000 + Number(fraction.slice(3, 6).padEnd(3, '0'));
}

/** Orders database times from the oldest to the newest. */
export function byTime(one: string, other: string): number {
  return (microseconds(one) ?? 0) - (microseconds(other) ?? 0);
}

function clockSpan(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
}

function isoOf(time: string | number): string {
  return new Date(time).toISOString();
}

function two(count: number): string {
  return String(count).padStart(2, '0');
}
