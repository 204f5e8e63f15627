import type { PluginLogger } from 'openclaw/plugin-sdk/plugin-entry';
import { type AgentRecords, agentRecords } from './agent-records.ts';
import { BudgetGate } from './hooks/budget-gate.ts';
import { PairingRequests } from './hooks/pairing-requests.ts';
import { ToolRuns } from './hooks/tool-runs.ts';
import { UsageMeter } from './hooks/usage-meter.ts';
import { type AgentApi, createAgentApi } from './hq-api/agent-api.ts';
import { Outbox, type OutboxEntry } from './hq-api/outbox.ts';
import { OutboxSender } from './hq-api/outbox-sender.ts';
import type { PluginSettings } from './settings.ts';

/**
 * State that tools, hooks and methods of one instance of the plugin share. OpenClaw makes new instances, and runs several
 * beside each other, so state that has to outlive one is in files.
 */
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
  readonly outbox: Outbox;
  /** Reports a fault once an hour; a fault of a file would else repeat with each turn. */
  warnOnce(sentence: string): void;
  /** Stores what was observed of an agent of HQ; it is sent when the database is there. */
  deliver(entry: OutboxEntry): void;
  /** Sends what is in the outbox, from now on. One instance of the process does so. */
  startSending(): void;
  stopSending(): Promise<void>;
}

const repeatAfterMs = 60 * 60_000;

/** Has no effect on files or network before something is used or started. */
export function createServices(
  { stateDir, supabaseUrl, anonKey }: PluginSettings,
  log: PluginLogger,
): Services {
  const warnOnce = createWarnOnce(log);
  const records = agentRecords(stateDir, warnOnce);
  const api =
    supabaseUrl === undefined || anonKey === undefined ? null : createAgentApi({ supabaseUrl, anonKey });
  const outbox = new Outbox(stateDir);
  const deliver = (entry: OutboxEntry) => {
    if (api !== null && records.find(entry.agent) !== null) outbox.add(entry);
  };
  let sender: OutboxSender | null = null;

  return {
    stateDir,
    log,
    records,
    api,
    gate: new BudgetGate({ stateDir, api, records, outbox }),
    meter: new UsageMeter(deliver),
    pairings: new PairingRequests(stateDir),
    toolRuns: new ToolRuns(),
    outbox,
    warnOnce,
    deliver,
    startSending: () => {
      if (api !== null) sender ??= new OutboxSender({ outbox, api, records, log });
      else log.warn('SUPABASE_URL or SUPABASE_ANON_KEY is missing: agents have no tools of HQ.');
    },
    stopSending: async () => {
      await sender?.close();
      sender = null;
    },
  };
}

function createWarnOnce(log: PluginLogger): (sentence: string) => void {
  const warnedAt = new Map<string, number>();
  return (sentence) => {
    const now = performance.now();
    if (now - (warnedAt.get(sentence) ?? Number.NEGATIVE_INFINITY) < repeatAfterMs) return;
    if (warnedAt.size > 1_000) warnedAt.clear();
    warnedAt.set(sentence, now);
    log.warn(sentence);
  };
}
