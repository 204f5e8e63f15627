import type { HqError } from '@hq/shared/errors';

/** The way in for deliveries. */
export interface Transport {
  readonly state: 'opening' | 'up' | 'down' | 'refused';
  /** Why it is not up. */
  readonly trouble: string | null;
  /** What is worth knowing although it is up. */
  readonly limitation: string | null;
  /** Resolves after the first attempt; what Slack or the machine has against it is the answer. */
  open(): Promise<HqError | undefined>;
  close(): Promise<void>;
}
