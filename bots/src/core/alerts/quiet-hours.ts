import type { AlertFilter } from '../api/chat-api.ts';

const day = 24 * 60;
const clocks = new Map<string, Intl.DateTimeFormat>();

/** Minutes until the quiet hours end by the clock of their zone, as it goes now; 0 outside of them. */
export function quietMinutes(quiet: AlertFilter['quiet'], now: number): number {
  if (quiet === undefined) return 0;
  const from = minutesOf(quiet.from);
  const to = minutesOf(quiet.to);
  const at = minutesIn(quiet.tz, now);
  if (from === null || to === null || at === null || from === to) return 0;
  const isQuiet = from < to ? at >= from && at < to : at >= from || at < to;
  if (!isQuiet) return 0;
  return at < to ? to - at : to + day - at;
}

function minutesOf(time: string): number | null {
  const match = /^(\d{2}):(\d{2})$/.exec(time);
  return match === null ? null : Number(match[1]) * 60 + Number(match[2]);
}

function minutesIn(zone: string, now: number): number | null {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    try {
      clock = new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      });
    } catch (error) {
      // A zone that this machine does not know keeps nothing quiet.
      if (error instanceof RangeError) return null;
      throw error;
    }
    clocks.set(zone, clock);
  }
  return minutesOf(clock.format(now));
}
