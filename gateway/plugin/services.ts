import type { PluginLogger } from 'openclaw/plugin-sdk/plugin-entry';
import { type AgentRecords, agentRecords } from './agent-records.ts';
import { BudgetGate } from './hooks/budget-gate.ts';
import { PairingRequests } from './hooks/pairing-requests.ts';
import { ToolRuns } from './hooks/tool-runs.ts';
import { UsageMeter } from './hooks/usage-meter.ts';
import { type AgentApi, createAgentApi } from './hq-api/agent-api.ts';
import { Outbox, type OutboxEntry } from './hq-api/outbox.ts';
import type { PluginSettings } from './settings.ts';

/** What tools, hooks and methods of one instance of the plugin share. */
export interface Services {
  readonly stateDir: string;
  readonly log: PluginLogger;
  readonly records: AgentRecords;
  /** Null without an address of HQ's database. */
  readonly api: AgentApi | null;
  readonly gate: BudgetGate;
  readonly meter: UsageMeter;
  readonly pairings: PairingRequests;
  readonly toolRuns: ToolRuns;
  runOf(toolCallId: string): string | undefined;
  /** Reports a fault once an hour; a fault of a file would else repeat with each turn. */
  warnOnce(sentence: string): void;
  /** Stores what was observed and sends it when the database is there. */
  deliver(entry: OutboxEntry): void;
  /** Entries that the database has not got yet. */
  waiting(): number;
  start(): void;
  stop(): Promise<void>;
}

const repeatAfterMs = 60 * 60_000;

/** Has no effect on files or network before something is used or started. */
export function createServices(
  { stateDir, supabaseUrl, anonKey }: PluginSettings,
  log: PluginLogger,
): Services {
  const warnedAt = new Map<string, number>();
  const warnOnce = (sentence: string) => {
    const now = performance.now();
    if (now - (warnedAt.get(sentence) ?? Number.NEGATIVE_INFINITY) < repeatAfterMs) return;
    if (warnedAt.size > 1_000) warnedAt.clear();
    warnedAt.set(sentence, now);
    log.warn(sentence);
  };
  const records = agentRecords(stateDir, warnOnce);
  const api =
    supabaseUrl === undefined || anonKey === undefined ? null : createAgentApi({ supabaseUrl, anonKey });
  let outbox: Outbox | null = null;
  const opened = (): Outbox | null => {
    if (api !== null) outbox ??= new Outbox({ stateDir, api, records, log });
    return outbox;
  };
  const deliver = (entry: OutboxEntry) => {
    if (records.find(entry.agent) !== null) opened()?.add(entry);
  };
  const toolRuns = new ToolRuns();
  const pairings = new PairingRequests(stateDir);

  return {
    stateDir,
    log,
    records,
    api,
    gate: new BudgetGate({ api, records }),
    meter: new UsageMeter(deliver),
    pairings,
    toolRuns,
    runOf: (toolCallId) => toolRuns.runOf(toolCallId),
    warnOnce,
    deliver,
    waiting: () => outbox?.waiting ?? 0,
    start: () => {
      if (api === null) log.warn('SUPABASE_URL or SUPABASE_ANON_KEY is missing: agents have no tools of HQ.');
      opened();
    },
    stop: async () => {
      await outbox?.close();
      outbox = null;
    },
  };
}
