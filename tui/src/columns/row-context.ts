import type { Member } from '@hq/shared/client';
import type { Lookups } from './lookups.ts';

/** Everything that cells and panels are made of besides their own row. */
export interface RowContext {
  readonly lookups: Lookups;
  /** Epoch milliseconds by the database's clock. */
  readonly now: number;
  readonly member: Member;
}
