import { age } from '@hq/shared/text';

/** How long ago, in steps so coarse that an idle screen stays still. */
export function ago(iso: string | null, now: number): string {
  return iso === null ? 'never' : age(now - Date.parse(iso));
}

/** `5m ago`, for sentences. */
export function since(iso: string, now: number): string {
  const told = ago(iso, now);
  return told === 'now' ? 'just now' : `${told} ago`;
}

/** How long something that runs has been running: whole seconds, so that it changes once a second. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
}

/** The time of day on this machine's clock, with the date where it was another day. */
export function clockTime(iso: string, now: number): string {
  const at = new Date(iso);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (new Date(now).toDateString() === at.toDateString()) return `${time}:${two(at.getSeconds())}`;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

function two(count: number): string {
  return String(count).padStart(2, '0');
}
