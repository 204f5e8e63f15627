import { randomBytes } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '@hq/shared/errors';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

const entrySchema = z.object({
  /** OpenClaw's id of the agent; its credential is read when the entry is sent, since it may be replaced meanwhile. */
  agent: z.string(),
  operation: z.enum(['record_usage', 'pairing_requested', 'host_refused']),
  args: z.record(z.string(), z.unknown()),
});

export type OutboxEntry = z.output<typeof entrySchema>;

/** Tells the sender of this process that there is an entry: OpenClaw runs several instances of the plugin beside each other. */
export const entryAdded = channel('hq.outbox.entry-added');

const cost = z.number().catch(0);

const usualMost = 20_000;
/** Entries that are added up at most: each is a file that has to be read. */
const mostAdded = 1_000;
const mostRefused = 100;

/**
 * Observations that have to reach the database: one file an entry, whole before the hook returns, removed after the
 * database has it. A process that is killed loses none.
 */
export class Outbox {
  readonly #directory: string;
  readonly #refused: string;
  readonly #most: number;
  #count = 0;

  /** `most` entries are kept while the database is away; the budget gate stops new ones long before. */
  constructor(stateDir: string, most = usualMost) {
    this.#directory = join(stateDir, 'hq', 'outbox');
    this.#refused = join(this.#directory, 'refused');
    this.#most = most;
  }

  /** Stores the entry before it returns, and drops the oldest above the limit. Throws if the disk refuses. */
  add(entry: OutboxEntry): void {
    mkdirSync(this.#refused, { recursive: true, mode: 0o700 });
    const time = String(Date.now()).padStart(15, '0');
    const count = String(this.#count++).padStart(9, '0');
    const name = `${time}-${count}-${randomBytes(4).toString('hex')}.json`;
    const file = join(this.#directory, name);
    writeFileSync(file, JSON.stringify(entry), { mode: 0o600, flag: 'wx', flush: true });
    const names = this.names();
    for (const oldest of names.slice(0, Math.max(0, names.length - this.#most))) this.remove(oldest);
    entryAdded.publish(name);
  }

  /** Returns the names of the entries, oldest first. */
  names(): readonly string[] {
    return entriesOf(this.#directory);
  }

  /** Returns null for an entry that was cut off when the process was killed in the middle of `add`. */
  read(name: string): OutboxEntry | null {
    const text = readFileSync(join(this.#directory, name), 'utf8');
    return entrySchema.safeParse(parseJson(text)).data ?? null;
  }

  /** Returns the cost of model calls of an agent that HQ may not know yet. */
  unsentUsd(agent: string): number {
    const entries = this.names()
      .slice(-mostAdded)
      .map((name) => this.#readIfThere(name));
    return entries
      .filter((entry) => entry?.agent === agent && entry.operation === 'record_usage')
      .reduce((sum, entry) => sum + cost.parse(entry?.args.cost_total_usd), 0);
  }

  #readIfThere(name: string): OutboxEntry | null {
    try {
      return this.read(name);
    } catch (error) {
      // It was sent meanwhile.
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  remove(name: string): void {
    rmSync(join(this.#directory, name), { force: true });
  }

  /** Keeps the newest entries that the database will never accept, for an operator to look at. */
  setAside(name: string): void {
    renameSync(join(this.#directory, name), join(this.#refused, name));
    for (const old of entriesOf(this.#refused).slice(0, -mostRefused)) rmSync(join(this.#refused, old));
  }
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch (error) {
    // Nothing was observed yet.
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
