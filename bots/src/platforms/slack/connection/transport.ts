import type { HqError } from '@hq/shared/errors';
import type { AdapterState } from '../../../contract/adapter.ts';

/** The source of deliveries. */
export interface Transport {
  readonly state: AdapterState;
  /** The reason if it is not connected, else a limitation. */
  readonly detail: string | null;
  /** Resolves after the first attempt, with the error if a retry is useless. */
  open(): Promise<HqError | undefined>;
  close(): Promise<void>;
}
