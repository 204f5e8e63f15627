import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { backoffMs, DueLoop } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import type { AgentRecords } from '../agent-records.ts';
import type { AgentApi } from './agent-api.ts';

const entrySchema = z.object({
  /** OpenClaw's id of the agent; its credential is read when the entry is sent, since it may be replaced meanwhile. */
  agent: z.string(),
  operation: z.enum(['record_usage', 'pairing_requested']),
  args: z.record(z.string(), z.unknown()),
});

export type OutboxEntry = z.output<typeof entrySchema>;

interface OutboxOptions {
  readonly stateDir: string;
  readonly api: AgentApi;
  readonly records: AgentRecords;
  readonly log: { info(sentence: string): void; warn(sentence: string): void; error(sentence: string): void };
  /** Entries kept while the database is away; the budget gate stops new ones long before. */
  readonly most?: number;
}

const usualMost = 20_000;
const mostRefused = 100;
const pause = { firstMs: 1_000, longestMs: 60_000 };

/**
 * What was observed and has to reach the database: one file an entry, written before the hook returns, removed after the
 * database has it. Both operations are idempotent, so an entry that is sent again after a kill changes nothing.
 */
export class Outbox {
  readonly #directory: string;
  readonly #refused: string;
  readonly #options: OutboxOptions;
  readonly #loop: DueLoop;
  readonly #stopped = new AbortController();
  /** File names in the order of their entries. */
  #names: string[];
  #count = 0;
  #failures = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#directory = join(options.stateDir, 'hq', 'outbox');
    this.#refused = join(this.#directory, 'refused');
    mkdirSync(this.#refused, { recursive: true, mode: 0o700 });
    this.#names = entriesOf(this.#directory);
    this.#loop = new DueLoop(() => this.#deliver());
    if (this.#names.length > 0) this.#loop.dueIn(0);
  }

  get waiting(): number {
    return this.#names.length;
  }

  /** Stores the entry before it returns. Throws if the disk refuses. */
  add(entry: OutboxEntry): void {
    const time = String(Date.now()).padStart(15, '0');
    const count = String(this.#count++).padStart(9, '0');
    const name = `${time}-${count}-${randomBytes(4).toString('hex')}.json`;
    writeFileSync(join(this.#directory, name), JSON.stringify(entry), {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
    this.#names.push(name);
    if (this.#names.length > (this.#options.most ?? usualMost)) this.#dropOldest();
    if (this.#failures === 0) this.#loop.dueIn(0);
  }

  /** Sends what waits now instead of after the pause. */
  flush(): void {
    this.#loop.dueIn(0);
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#loop.close();
  }

  #dropOldest(): void {
    const [oldest] = this.#names.splice(0, 1);
    if (oldest === undefined) return;
    rmSync(join(this.#directory, oldest), { force: true });
    this.#options.log.error(
      'The outbox is full: its oldest entry was dropped. HQ’s database is away for too long.',
    );
  }

  /** Returns the pause until the next attempt. Entries of an agent whose credential is refused wait; others go on. */
  async #deliver(): Promise<number> {
    const heldAgents = new Set<string>();
    for (const name of [...this.#names]) {
      if (this.#stopped.signal.aborted) return Number.POSITIVE_INFINITY;
      const outcome = await this.#deliverOne(name, heldAgents);
      if (outcome === 'away') {
        this.#failures++;
        return backoffMs(this.#failures, pause);
      }
    }
    if (this.#failures > 0) this.#options.log.info('HQ’s database answers again; the outbox was sent.');
    this.#failures = 0;
    return heldAgents.size > 0 ? pause.longestMs : Number.POSITIVE_INFINITY;
  }

  async #deliverOne(name: string, heldAgents: Set<string>): Promise<'sent' | 'held' | 'away'> {
    const entry = entrySchema.safeParse(parseJson(this.#read(name)));
    if (!entry.success) {
      this.#setAside(name, 'it was cut off');
      return 'sent';
    }
    const { agent, operation, args } = entry.data;
    if (heldAgents.has(agent)) return 'held';
    const record = this.#options.records.find(agent);
    if (record === null) return hold();
    try {
      const { signal } = this.#stopped;
      await this.#options.api.call(record.token, operation, args, { signal, attempts: 1 });
      this.#remove(name);
      return 'sent';
    } catch (error) {
      const code = error instanceof HqError ? error.code : 'failed';
      if (code === 'unauthenticated') return hold();
      if (code !== 'usage' && code !== 'refused' && code !== 'not_found' && code !== 'conflict')
        return 'away';
      this.#setAside(name, error instanceof Error ? error.message : code);
      return 'sent';
    }

    function hold(): 'held' {
      heldAgents.add(agent);
      return 'held';
    }
  }

  #read(name: string): string {
    try {
      return readFileSync(join(this.#directory, name), 'utf8');
    } catch {
      return '';
    }
  }

  #remove(name: string): void {
    rmSync(join(this.#directory, name), { force: true });
    this.#names = this.#names.filter((other) => other !== name);
  }

  /** Keeps an entry that the database will never accept for an operator to look at. */
  #setAside(name: string, reason: string): void {
    this.#options.log.warn(`An entry of the outbox was set aside, because ${reason}`);
    try {
      renameSync(join(this.#directory, name), join(this.#refused, name));
      for (const old of entriesOf(this.#refused).slice(0, -mostRefused)) rmSync(join(this.#refused, old));
    } catch {
      // It was removed meanwhile.
    }
    this.#names = this.#names.filter((other) => other !== name);
  }
}

function entriesOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort();
}
