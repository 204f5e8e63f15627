interface AdapterCondition {
  readonly platform: string;
  readonly state: string;
  readonly detail: string | null;
  readonly connected: boolean;
  readonly lastInboundAt: string | null;
  readonly lastOutboundAt: string | null;
  /** Whether this process is the one that uses the token; another one of the same token stands by. */
  readonly held: boolean;
  readonly crashes: number;
  readonly unsent: number;
}

export interface HealthAnswer {
  /** `failing` when an adapter that should be connected is not, or the database does not answer; 503 goes with it. */
  readonly status: 'ok' | 'failing' | 'stopping';
  readonly database: { readonly reachable: boolean; readonly lastAnswerAt: string | null };
  readonly adapters: readonly AdapterCondition[];
}
