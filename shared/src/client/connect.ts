import type { Origin } from '../actions/index.ts';
import { assertPortOwner } from '../program/port-owner.ts';
import type { CommandRow } from '../rows/index.ts';
import { addressOf } from './address.ts';
import { createRequests } from './ask.ts';
import { authError } from './auth-error.ts';
import { createDatabaseClock } from './clock.ts';
import type { Connection } from './connection.ts';
import { type CommandRequest, cancelCommand, type Enqueued, enqueueCommand } from './enqueue.ts';
import { requestTimeoutMs } from './fetch-with-timeout.ts';
import { type Member, readPeople, whoami } from './member.ts';
import { memoryStorage, type SessionStorage } from './session-storage.ts';
import { createSupabaseClient } from './supabase-client.ts';
import { withTimeout } from './with-timeout.ts';

export interface ConnectOptions {
  /** Base address of the HQ, such as `https://hq.example.org`. */
  readonly url: string;
  /** The publishable key; `hq-tui secrets rekey` on the host of HQ alone passes the service-role key. */
  readonly anonKey: string;
  /** Memory by default. */
  readonly storage?: SessionStorage;
  /** Milliseconds for one request; 10 s by default. */
  readonly timeoutMs?: number;
}

/** One HQ as a member sees it. Every method fails with an `HqError` and nothing else. */
export interface HqClient extends Connection {
  readonly url: string;
  signIn(email: string, password: string): Promise<void>;
  /** Ends the session here, and on the server if it can be reached. */
  signOut(): Promise<void>;
  /** Looks for a stored session, which may have ended meanwhile. */
  hasSession(): Promise<boolean>;
  /** Also sets the clock. */
  whoami(): Promise<Member>;
  /** The email addresses of the members by their ids. */
  people(): Promise<ReadonlyMap<string, string>>;
  /** Throws a refusal of the database as an `HqError` with its reason. */
  enqueue(request: CommandRequest): Promise<Enqueued>;
  cancel(commandId: string, origin: Origin): Promise<CommandRow>;
  close(): Promise<void>;
}

/** The auth client renews an expired token for up to 30 s; a request waits this much longer for it. */
const renewalMs = 5_000;
const sessionTimeoutMs = 5_000;

export function connect(options: ConnectOptions): HqClient {
  const address = addressOf(options);
  const { url, host } = address;
  const { anonKey, storage = memoryStorage(), timeoutMs = requestTimeoutMs } = options;
  const clock = createDatabaseClock();
  const supabase = createSupabaseClient({ address, anonKey, storage, timeoutMs });
  const requests = createRequests(address, timeoutMs + renewalMs);
  const connection: Connection = { host, supabase, clock, ...requests };
  return {
    url,
    ...connection,
    async signIn(email, password) {
      assertPortOwner(url);
      const { error } = await supabase.auth.signInWithPassword({ email, password });
      if (error) throw authError(error, host);
    },
    async signOut() {
      assertPortOwner(url);
      const { error } = await supabase.auth.signOut({ scope: 'local' });
      if (error && error.name !== 'AuthSessionMissingError') throw authError(error, host);
    },
    async hasSession() {
      assertPortOwner(url);
      const { data, error } = await withTimeout(sessionTimeoutMs, supabase.auth.getSession(), host);
      const failure = error === null ? null : authError(error, host);
      if (failure?.code === 'unreachable') throw failure;
      return data.session !== null;
    },
    whoami: () => whoami(connection),
    people: () => readPeople(connection),
    enqueue: (request) => enqueueCommand(connection, request),
    cancel: (commandId, origin) => cancelCommand(connection, commandId, origin),
    async close() {
      await supabase.auth.stopAutoRefresh();
      // The promise resolves a third of a second after the socket has closed; nobody needs to wait for it.
      void supabase.realtime.disconnect();
    },
  };
}
