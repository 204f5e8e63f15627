import { vi } from 'vitest';

/**
 * Waits until the check holds, for longer than a machine that is busy with other things could need. Fails as the check did
 * last.
 */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000, interval: 5 });
}
