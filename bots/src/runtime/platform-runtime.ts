import type { Log } from '@hq/shared/log';
import type { Configured, PlatformModule } from '../contract/adapter.ts';
import type { Platform } from '../contract/inbound.ts';
import { SupervisedAdapter } from './supervised-adapter.ts';

/** One platform with its adapter and its token. */
export interface PlatformRuntime {
  readonly platform: Platform;
  readonly fingerprints: readonly string[];
  readonly adapter: SupervisedAdapter;
  /** This process may use the token. */
  isLeased: boolean;
  isStarted: boolean;
  /** The reason why the token is not used; null if it is. */
  refusal: string | null;
  /** The end of another process's lease without its next heartbeat; local epoch milliseconds. */
  leasedElsewhereUntil: number | null;
}

/** Variables that a worker gets beside those of its platform. */
const passedOn = [
  'LOG_LEVEL',
  'TZ',
  'LANG',
  'HTTPS_PROXY',
  'NO_PROXY',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_ENV_PROXY',
];

export function createPlatformRuntime(
  module: PlatformModule,
  configured: Configured,
  options: {
    readonly variables: Readonly<Record<string, string | undefined>>;
    readonly worker: URL;
    readonly log: Log;
  },
): PlatformRuntime {
  const env = Object.entries(options.variables).flatMap(([name, value]) =>
    value !== undefined && (module.variables.includes(name) || passedOn.includes(name))
      ? [[name, value]]
      : [],
  );
  return {
    platform: module.platform,
    fingerprints: configured.fingerprints,
    adapter: new SupervisedAdapter({
      platform: module.platform,
      program: options.worker,
      env: Object.fromEntries(env),
      log: options.log.child({ platform: module.platform }),
    }),
    isLeased: false,
    isStarted: false,
    refusal: null,
    leasedElsewhereUntil: null,
  };
}
