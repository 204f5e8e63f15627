import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import type { Origin } from '../actions/index.ts';
import type { Database } from '../database.generated.ts';
import { HqError } from '../errors.ts';
import type { CommandRow } from '../rows/index.ts';
import { addressOf } from './address.ts';
import { authError } from './auth-error.ts';
import { createDatabaseClock, type DatabaseClock } from './clock.ts';
import { type DatabaseFault, databaseError } from './database-error.ts';
import { type CommandRequest, type Enqueued, enqueued } from './enqueue.ts';
import { fetchWithTimeout, requestTimeoutMs } from './fetch-with-timeout.ts';
import { type Member, member, people } from './member.ts';
import { readAnswer } from './read-answer.ts';
import { isShared, memoryStorage, type SessionStorage } from './session-storage.ts';
import { keepNewest, sessionKey, withSharedRefresh } from './shared-refresh.ts';
import { withTimeout } from './with-timeout.ts';

export interface ConnectOptions {
  /** Base address of the HQ, such as `https://hq.example.org`. */
  readonly url: string;
  /** The publishable key. Never the service-role key, but for `hq-tui secrets rekey` on the host of HQ. */
  readonly anonKey: string;
  /** Memory where left out. */
  readonly storage?: SessionStorage;
  /** How long one request may take; 10 s where left out. */
  readonly timeoutMs?: number;
}

/** One HQ as a member sees it. Every method fails with an `HqError` and nothing else. */
export interface HqClient {
  readonly url: string;
  /** Host and port, for sentences. */
  readonly host: string;
  readonly supabase: SupabaseClient<Database>;
  readonly clock: DatabaseClock;
  signIn(email: string, password: string): Promise<void>;
  /** Ends the session here; the server is told where it can be reached. */
  signOut(): Promise<void>;
  /** Whether a session is stored; it may have ended meanwhile. */
  hasSession(): Promise<boolean>;
  /** Also sets the clock. */
  whoami(): Promise<Member>;
  /** The addresses of the members by their ids. */
  people(): Promise<ReadonlyMap<string, string>>;
  /** A refusal of the database is thrown as an `HqError` with its reason. */
  enqueue(request: CommandRequest): Promise<Enqueued>;
  cancel(commandId: string, origin: Origin): Promise<CommandRow>;
  /** Runs one request and gives its data. */
  ask<Data>(request: PromiseLike<Answer<Data>>): Promise<Data>;
  /** The same for a request that may be sent twice without harm: an answer that was lost on the way is asked for again. */
  askAgain<Data>(send: () => PromiseLike<Answer<Data>>): Promise<Data>;
  close(): Promise<void>;
}

/** What every supabase-js request resolves to. */
export interface Answer<Data> {
  readonly data: Data | null;
  readonly error: DatabaseFault | null;
  readonly status: number;
}

const firstReconnectMs = 250;
const longestReconnectMs = 5_000;
/** A link that stays silent longer than this counts as dead. */
const heartbeatMs = 10_000;
/** The auth client renews an expired token for half a minute before it gives up; nobody waits that long here. */
const renewalPatienceMs = 5_000;
const sessionPatienceMs = 5_000;
const retryDelaysMs = [200, 800];

export function connect(options: ConnectOptions): HqClient {
  const { url, host } = addressOf(options);
  const clock = createDatabaseClock();
  let renewing: Promise<string | null> | null = null;
  const renew = (): Promise<string | null> => {
    renewing ??= supabase.auth
      .refreshSession()
      .then(({ data }) => data.session?.access_token ?? null)
      .finally(() => {
        renewing = null;
      });
    return renewing;
  };
  const storage = options.storage ?? memoryStorage();
  const timeoutMs = options.timeoutMs ?? requestTimeoutMs;
  const answerWithinMs = timeoutMs + renewalPatienceMs;
  const send = fetchWithTimeout({ renew, timeoutMs });
  const supabase: SupabaseClient<Database> = createClient<Database>(url, options.anonKey, {
    db: { retry: false },
    global: { fetch: isShared(storage) ? withSharedRefresh(send, storage) : send },
    auth: {
      storage: isShared(storage) ? keepNewest(storage) : storage,
      storageKey: sessionKey,
      autoRefreshToken: true,
      persistSession: true,
      detectSessionInUrl: false,
    },
    realtime: {
      heartbeatIntervalMs: heartbeatMs,
      reconnectAfterMs: (tries: number) =>
        Math.min(longestReconnectMs, firstReconnectMs * 2 ** (tries - 1)) * (0.5 + Math.random()),
    },
  });

  async function ask<Data>(request: PromiseLike<Answer<Data>>): Promise<Data> {
    const { data, error, status } = await withTimeout(answerWithinMs, request, host);
    if (error !== null) throw databaseError(error, status, host);
    if (data === null) throw new HqError('failed', `${host} gave no answer to a question that has one.`);
    return data;
  }

  async function askAgain<Data>(send: () => PromiseLike<Answer<Data>>): Promise<Data> {
    for (const pause of retryDelaysMs) {
      try {
        return await ask(send());
      } catch (error) {
        if (!(error instanceof HqError) || error.code !== 'unreachable') throw error;
        await delay(pause);
      }
    }
    return ask(send());
  }

  return {
    url,
    host,
    supabase,
    clock,
    ask,
    askAgain,
    async signIn(email, password) {
      const { error } = await supabase.auth.signInWithPassword({ email, password });
      if (error) throw authError(error, host);
    },
    async signOut() {
      const { error } = await supabase.auth.signOut({ scope: 'local' });
      if (error && error.name !== 'AuthSessionMissingError') throw authError(error, host);
    },
    async hasSession() {
      const { data, error } = await withTimeout(sessionPatienceMs, supabase.auth.getSession(), host);
      const failure = error === null ? null : authError(error, host);
      if (failure?.code === 'unreachable') throw failure;
      return data.session !== null;
    },
    async whoami() {
      const sentAt = Date.now();
      const answer = await ask<unknown>(supabase.rpc('whoami'));
      const receivedAt = Date.now();
      const parsed = member.safeParse(answer);
      if (!parsed.success) {
        throw new HqError('failed', `The database at ${host} does not have what this program needs.`, {
          hint: 'Bring it up to date with `hq-db migrate`.',
          cause: parsed.error,
        });
      }
      clock.adopt(parsed.data.now, sentAt, receivedAt);
      return parsed.data;
    },
    async people() {
      const answer = await askAgain<unknown>(() => supabase.rpc('tenant_people'));
      return new Map(
        people.parse(answer).flatMap(({ user_id, email }) => (email === null ? [] : [[user_id, email]])),
      );
    },
    async enqueue(request) {
      const idempotencyKey = request.idempotencyKey ?? randomUUID();
      const payload = z.record(z.string(), z.json()).parse(request.payload ?? {});
      const answer = await askAgain<unknown>(() =>
        supabase.rpc('enqueue_command', {
          p_action: request.action,
          p_payload: payload,
          p_gateway: request.gateway ?? null,
          p_agent: request.agent ?? null,
          p_idempotency_key: idempotencyKey,
          p_origin: request.origin,
        }),
      );
      return readAnswer(enqueued, answer, host);
    },
    async cancel(commandId, origin) {
      const answer = await askAgain<unknown>(() =>
        supabase.rpc('cancel_command', { p_command_id: commandId, p_origin: origin }),
      );
      return readAnswer(enqueued, answer, host).command;
    },
    async close() {
      await supabase.auth.stopAutoRefresh();
      // Its answer comes a third of a second after the socket has closed; nobody has to wait for it.
      void supabase.realtime.disconnect();
    },
  };
}
