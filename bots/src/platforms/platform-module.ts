import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Adapter, Finding, PlatformModule } from '../contract/adapter.ts';
import type { Platform } from '../contract/inbound.ts';
import type { Environment, VariableRule } from './environment.ts';

interface ModuleParts<Settings> {
  readonly platform: Platform;
  readonly variables: Readonly<Record<string, VariableRule>>;
  /** Null if none of the variables is set. */
  readSettings(env: Environment): Settings | null;
  /** Tokens that only one program may use, the bot token first. */
  tokens(settings: Settings): readonly string[];
  /** Secrets besides the tokens. */
  otherSecrets?(settings: Settings): readonly string[];
  /** Loads the platform's library. */
  create(settings: Settings, log: Logger): Promise<Adapter>;
  check(settings: Settings): Promise<readonly Finding[]>;
}

export function createPlatformModule<Settings>(parts: ModuleParts<Settings>): PlatformModule {
  return {
    platform: parts.platform,
    variables: Object.keys(parts.variables),
    configure(env) {
      const settings = parts.readSettings(env);
      if (settings === null) return null;
      const tokens = parts.tokens(settings);
      return {
        fingerprints: tokens.map((token) => createHash('sha256').update(token).digest('hex')),
        secrets: [...tokens, ...(parts.otherSecrets?.(settings) ?? [])],
        create: ({ log }) => parts.create(settings, log),
        check: () => parts.check(settings),
      };
    },
  };
}
