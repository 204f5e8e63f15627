import type { Handle } from '../../contract/card.ts';

/** Equal for equal handles: one that was stored comes back with its fields in another order. */
export function handleKey(handle: Handle): string {
  return JSON.stringify(Object.entries(handle).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
