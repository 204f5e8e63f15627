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
  /** Reason why the last exchange, look at the stack or sync of the secrets failed. */
  readonly fault: string | null;
}
