import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { Credentials } from './credentials.ts';
import type { Connector, Session } from './session.ts';

export interface ConnectorOptions {
  readonly host: string;
  readonly connect: () => Promise<HqClient>;
  readonly credentials: Credentials | null;
  /** Names the key that encrypts secrets. */
  readonly env: NodeJS.ProcessEnv;
}

/** Connects to one HQ: with the given credentials, with the stored session, or with what the sign-in form collects. */
export function createConnector({ host, connect, credentials, env }: ConnectorOptions): Connector {
  let connecting: Promise<HqClient> | null = null;
  // Not before it is needed: by then the first frame is on the screen.
  const client = (): Promise<HqClient> => {
    connecting ??= connect();
    return connecting;
  };
  // The queries and their row schemas are loaded with the session, after the first frame.
  const openSession = async (hq: HqClient): Promise<Session> =>
    (await import('./open-session.ts')).openSession(hq, env);
  return {
    host,
    async connect() {
      const hq = await client();
      if (credentials !== null) await hq.signIn(credentials.email, credentials.password);
      else if (!(await hq.hasSession())) return null;
      try {
        return await openSession(hq);
      } catch (failure) {
        // A stored session that has ended is no failure: somebody has to sign in again.
        if (credentials === null && failure instanceof HqError && failure.code === 'unauthenticated')
          return null;
        throw failure;
      }
    },
    async signIn(email, password) {
      const hq = await client();
      await hq.signIn(email, password);
      return openSession(hq);
    },
  };
}
