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
