import { truncate, withoutShapes } from '@hq/shared/text';

/** Quotes what a person wrote, shortened. A part of a token would not be recognized any more. */
export function quote(written: string, limit = 60): string {
  return `“${truncate(withoutShapes(written), limit)}”`;
}
