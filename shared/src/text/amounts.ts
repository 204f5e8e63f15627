const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How long ago, as short as a column needs it: `now`, `5m`, `3h`, `12d`. It changes once a minute at most. */
export function age(milliseconds: number): string {
  // A clock that is a little behind must not make the future.
  if (!(milliseconds >= minute)) return 'now';
  if (milliseconds < hour) return `${Math.floor(milliseconds / minute)}m`;
  if (milliseconds < 2 * day) return `${Math.floor(milliseconds / hour)}h`;
  return `${Math.floor(milliseconds / day)}d`;
}

/** How long it took or takes: `0.4s`, `12s`, `1m05s`, `2h07m`, `3d4h`. */
export function duration(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < 9950) return `${(span / second).toFixed(1)}s`;
  const seconds = Math.round(span / second);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d${hours % 24}h`;
}

/** `0 B`, `1.4 kB`, `12 MB`: powers of a thousand. */
export function bytes(count: number): string {
  let amount = Math.max(0, count);
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || amount >= 9.95 ? 0 : 1;
  return `${amount.toFixed(digits)} ${units[unit]}`;
}

function two(count: number): string {
  return String(count).padStart(2, '0');
}
