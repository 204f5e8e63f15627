import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { Credentials } from './credentials.ts';
import type { Connector, Session } from './session.ts';

/** An HQ, and the credentials for it. */
interface KnownHq {
  readonly host: string;
  readonly connect: () => Promise<HqClient>;
  readonly credentials: Credentials | null;
  /** True for the HQ that `npm start` runs here. */
  readonly isLocal: boolean;
}

export interface ConnectorOptions {
  readonly hq: KnownHq;
  /** Finds it again: a local HQ may start with another port. Fails where none runs. */
  readonly find: () => Promise<KnownHq>;
  /** Names the key that encrypts secrets. */
  readonly env: NodeJS.ProcessEnv;
}

/** Connects to one HQ: with the given credentials, with the stored session, or with what the sign-in form collects. */
export function createConnector({ hq: first, find, env }: ConnectorOptions): Connector {
  let hq = first;
  let connecting: Promise<HqClient> | null = null;
  // Not before it is needed: by then the first frame is on the screen.
  const client = (): Promise<HqClient> => {
    connecting ??= hq.connect();
    return connecting;
  };
  /** Returns true where it has another address now. Fails for a local HQ that does not run: its port may be another program's. */
  const locate = async (): Promise<boolean> => {
    if (!hq.isLocal) return false;
    const found = await find().catch((cause: unknown) => {
      throw new HqError('unreachable', 'HQ does not run here now.', {
        hint: 'Start it with `npm start`.',
        cause,
      });
    });
    if (!found.isLocal || found.host === hq.host) return false;
    hq = found;
    connecting = null;
    return true;
  };
  // The queries and their row schemas are loaded with the session, after the first frame.
  const openSession = async (opened: HqClient): Promise<Session> =>
    (await import('./open-session.ts')).openSession(opened, env);
  return {
    get host() {
      return hq.host;
    },
    async connect() {
      await locate();
      const { credentials } = hq;
      const opened = await client();
      if (credentials !== null) await opened.signIn(credentials.email, credentials.password);
      else if (!(await opened.hasSession())) return null;
      try {
        return await openSession(opened);
      } catch (failure) {
        // A stored session that has ended is no failure: somebody has to sign in again.
        if (credentials === null && failure instanceof HqError && failure.code === 'unauthenticated')
          return null;
        throw failure;
      }
    },
    hasMoved: () => locate().catch(() => false),
    async signIn(email, password) {
      const opened = await client();
      await opened.signIn(email, password);
      return openSession(opened);
    },
  };
}
