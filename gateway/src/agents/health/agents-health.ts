import type { AgentCondition, AgentConditions } from '@hq/shared/agents';
import { z } from 'zod';
import type { EventListener } from '../../openclaw/client.ts';
import { readConfig } from '../config/change-config.ts';
import { type AgentsContext, ownAgents } from '../context.ts';
import { request } from '../openclaw-calls.ts';
import { channelAccount, channelFault } from './channel-condition.ts';
import { authStatus, providerCondition, providerOf } from './provider-condition.ts';
import { type SessionRow, sessionConditions, sessionRow } from './session-conditions.ts';

const channelStatus = z.object({ channelAccounts: z.record(z.string(), z.array(channelAccount)) });
const sessionList = z.object({ sessions: z.array(sessionRow) });

/** Milliseconds between two looks at credentials that nothing announced. */
const providersEveryMs = 300_000;
/** Sessions that changed last, of all agents. */
const mostSessions = 100;

type Found = ReadonlyMap<string, readonly AgentCondition[]>;

/**
 * Asks OpenClaw what keeps agents from answering. Each look asks for the channels; sessions are read after something
 * happened in one and while a turn runs or one is full, credentials after a change of the configuration and every five minutes.
 */
export class AgentsHealth {
  readonly #context: AgentsContext;
  readonly #now: () => number;
  readonly #busySince = new Map<string, number>();
  readonly #seenFaults = new Set<string>();
  #sessions: readonly SessionRow[] = [];
  #areSessionsOld = true;
  /** OpenClaw announces no reset of a session. */
  #hasFullSession = false;
  #providers: Found = new Map();
  #providersAt = Number.NEGATIVE_INFINITY;

  constructor(
    context: AgentsContext,
    openclaw: { onEvent(listener: EventListener): () => void },
    now: () => number = Date.now,
  ) {
    this.#context = context;
    this.#now = now;
    openclaw.onEvent((event) => {
      if (/^(agent|chat|sessions)\b/.test(event)) this.#areSessionsOld = true;
      if (/^(config|models|secrets|plugins)\b/.test(event)) this.#providersAt = Number.NEGATIVE_INFINITY;
    });
  }

  /** Returns what is wrong with each agent of HQ; `turnSeconds` is the time limit of a turn that HQ dispatches. */
  async read(turnSeconds: number): Promise<AgentConditions> {
    const ids = await this.#ids();
    const channels = await this.#readChannels();
    const sessions = await this.#readSessions(turnSeconds * 1000);
    const providers = await this.#readProviders(ids);
    const ofAgent = (id: string): AgentCondition[] => {
      const all = [providers, sessions, channels].flatMap((found) => found.get(id) ?? []);
      // One of a kind: the database keeps one, and the first is the worst.
      return all.filter(({ kind }, at) => all.findIndex((other) => other.kind === kind) === at);
    };
    return { agents: Object.fromEntries(ids.map((id) => [id, ofAgent(id)])) };
  }

  async #ids(): Promise<readonly string[]> {
    const own = await ownAgents(this.#context);
    return [...own].flatMap(([id, { state }]) => (state === 'present' ? [id] : []));
  }

  async #readChannels(): Promise<Found> {
    const { wanted, openclaw } = this.#context;
    const call = { method: 'channels.status', params: {} };
    const { channelAccounts } = await request(openclaw(), channelStatus, call);
    const found = new Map<string, AgentCondition[]>();
    const faulty = new Set<string>();
    for (const [channel, accounts] of Object.entries(channelAccounts)) {
      for (const account of accounts) {
        const id = account.accountId;
        // The channel of a paused agent is stopped at once, and switched off later.
        if (wanted.get(id)?.spec.status === 'paused') continue;
        const fault = channelFault(channel, account, this.#now());
        if (fault === null) continue;
        const name = `${channel} ${id}`;
        faulty.add(name);
        if (fault.isLasting || this.#seenFaults.has(name)) found.set(id, [fault.condition]);
      }
    }
    this.#seenFaults.clear();
    for (const name of faulty) this.#seenFaults.add(name);
    return found;
  }

  async #readSessions(turnMs: number): Promise<Found> {
    if (this.#areSessionsOld || this.#busySince.size > 0 || this.#hasFullSession) {
      this.#areSessionsOld = false;
      const call = { method: 'sessions.list', params: { limit: mostSessions } };
      this.#sessions = (await request(this.#context.openclaw(), sessionList, call)).sessions;
    }
    const now = this.#now();
    const busy = new Set(
      this.#sessions.flatMap(({ key, hasActiveRun }) => (hasActiveRun === true ? [key] : [])),
    );
    for (const key of this.#busySince.keys()) if (!busy.has(key)) this.#busySince.delete(key);
    for (const key of busy) if (!this.#busySince.has(key)) this.#busySince.set(key, now);
    this.#hasFullSession = false;
    const found = new Map<string, AgentCondition[]>();
    for (const session of this.#sessions) {
      const busySince = this.#busySince.get(session.key) ?? null;
      const conditions = sessionConditions(session, { now, busySince, turnMs });
      if (conditions.length > 0) this.#hasFullSession = true;
      found.set(session.agentId, [...(found.get(session.agentId) ?? []), ...conditions]);
    }
    return found;
  }

  async #readProviders(ids: readonly string[]): Promise<Found> {
    const now = this.#now();
    if (now - this.#providersAt < providersEveryMs) return this.#providers;
    this.#providersAt = now;
    const openclaw = this.#context.openclaw();
    const { config } = await readConfig(openclaw);
    const found = new Map<string, AgentCondition[]>();
    for (const id of ids) {
      const provider = providerOf(config, id);
      if (provider === null) continue;
      const call = { method: 'models.authStatus', params: { agentId: id } };
      const condition = providerCondition(provider, await request(openclaw, authStatus, call));
      if (condition !== null) found.set(id, [condition]);
    }
    this.#providers = found;
    return found;
  }
}
