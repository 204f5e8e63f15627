import { shortId } from '../../columns/short-id.ts';
import type { Console } from './console.ts';

/** Returns an id as data: whole for programs, its start for a person at a terminal. */
export function shownId({ columns }: Console, id: string): string {
  return columns === null ? id : shortId(id);
}
