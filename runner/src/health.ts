export interface HealthAnswer {
  /** `failing` when the database has not answered for longer than three heartbeats; 503 goes with it. */
  readonly status: 'ok' | 'failing' | 'stopping';
  readonly runner: string;
  readonly gateway: string;
  readonly gatewayStatus: string | null;
  readonly lastTurnMsAgo: number | null;
  readonly realtime: string;
  readonly held: number;
  readonly unsent: number;
  /** Whether the files of the secrets are what the database says: `ok`, `stale` or `error`. */
  readonly secrets: string;
  /** Why the last turn, the last look at the stack or the last sync of the secrets failed. */
  readonly fault: string | null;
}
