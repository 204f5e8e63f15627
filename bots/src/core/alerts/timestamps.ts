/** A database time in microseconds: two changes within a millisecond have an order. Null for none. */
export function toMicroseconds(time: string | null): number | null {
  const milliseconds = Date.parse(time ?? '');
  if (Number.isNaN(milliseconds)) return null;
  const fraction = /\.(\d+)/.exec(time ?? '')?.[1] ?? '';
  return milliseconds * 1000 + Number(fraction.slice(3, 6).padEnd(3, '0'));
}

export function compareTimestamps(one: string, other: string): number {
  return (toMicroseconds(one) ?? 0) - (toMicroseconds(other) ?? 0);
}
