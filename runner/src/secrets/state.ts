/** State of the secrets as the heartbeat reports it, in `gateways.meta.secrets`. */
export interface SecretsState {
  /** Fingerprints of the keys that this runner can decrypt with, the current one first. */
  readonly keys: readonly string[];
  /** `stale`: the database may hold newer secrets than the files. `error`: a file is not as it should be. */
  readonly state: 'ok' | 'stale' | 'error';
  readonly problem: string | null;
  /** End of the last sync, by this host's clock; null before the first. */
  readonly synced_at: string | null;
  /** SHA-256 of each token that an agent uses in a chat; the database refuses HQ's own bots these tokens. */
  readonly channel_tokens: readonly string[];
}
