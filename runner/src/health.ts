export interface HealthAnswer {
  /** `failing` after three heartbeats without an answer of the database; the HTTP status is 503 then. */
  readonly status: 'ok' | 'failing' | 'stopping';
  readonly runner: string;
  readonly gateway: string;
  readonly gatewayStatus: string | null;
  readonly lastTurnMsAgo: number | null;
  readonly realtime: string;
  readonly held: number;
  readonly unsent: number;
  /** State of the secrets' files: `ok`, `stale` or `error`. */
  readonly secrets: string;
  /** `failing` while lines of the log are lost. */
  readonly log: 'ok' | 'failing';
  /** Reason why the last exchange, look at the stack, sync of the secrets or line of the log failed. */
  readonly fault: string | null;
}
