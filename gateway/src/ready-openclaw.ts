import type { OpenClawClient } from './openclaw/client.ts';

/** An OpenClaw that has started and passed the handshake. */
export interface ReadyOpenClaw {
  readonly client: OpenClawClient;
  /** Environment of OpenClaw, for its command line. */
  readonly env: NodeJS.ProcessEnv;
}
