import { age } from '@hq/shared/text';

/** `just now`, `5m ago`. */
export function ago(milliseconds: number): string {
  const told = age(milliseconds);
  return told === 'now' ? 'just now' : `${told} ago`;
}
