import { HqError } from '@hq/shared/errors';
import { backoffMs, DueLoop } from '@hq/shared/program';
import type { AgentRecords } from '../agent-records.ts';
import type { AgentApi } from './agent-api.ts';
import { entryAdded, type Outbox } from './outbox.ts';

interface SenderOptions {
  readonly outbox: Outbox;
  readonly api: AgentApi;
  readonly records: AgentRecords;
  readonly log: { info(sentence: string): void; warn(sentence: string): void };
}

const pause = { firstMs: 1_000, longestMs: 60_000 };
/** Refusals of the database that no repetition changes. */
const final = new Set(['usage', 'refused', 'not_found', 'conflict']);

/**
 * Sends the entries of the outbox in order. All its operations are idempotent, so an entry that is sent again after a kill
 * changes nothing. Entries of an agent whose credential is refused wait; those of others go on.
 */
export class OutboxSender {
  readonly #options: SenderOptions;
  readonly #loop: DueLoop;
  readonly #stopped = new AbortController();
  readonly #onAdded = (): void => {
    if (this.#failures === 0) this.#loop.dueIn(0);
  };
  #failures = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#loop = new DueLoop(() => this.#sendAll());
    entryAdded.subscribe(this.#onAdded);
    this.#loop.dueIn(0);
  }

  async close(): Promise<void> {
    entryAdded.unsubscribe(this.#onAdded);
    this.#stopped.abort();
    await this.#loop.close();
  }

  /** Returns the pause until the next attempt. */
  async #sendAll(): Promise<number> {
    const heldAgents = new Set<string>();
    try {
      for (const name of this.#options.outbox.names()) {
        if (this.#stopped.signal.aborted) return Number.POSITIVE_INFINITY;
        await this.#send(name, heldAgents);
      }
    } catch (error) {
      if (this.#failures === 0) this.#options.log.warn(`The outbox waits: ${sentenceOf(error)}`);
      this.#failures++;
      return backoffMs(this.#failures, pause);
    }
    if (this.#failures > 0) this.#options.log.info('HQ’s database answers again: the outbox was sent.');
    this.#failures = 0;
    return heldAgents.size > 0 ? pause.longestMs : Number.POSITIVE_INFINITY;
  }

  /** Throws when the database is away. */
  async #send(name: string, heldAgents: Set<string>): Promise<void> {
    const { outbox, api, records, log } = this.#options;
    const entry = outbox.read(name);
    if (entry === null) {
      log.warn('An entry of the outbox was set aside, because it was cut off.');
      outbox.setAside(name);
      return;
    }
    if (heldAgents.has(entry.agent)) return;
    const record = records.find(entry.agent);
    if (record === null) {
      heldAgents.add(entry.agent);
      return;
    }
    try {
      const { signal } = this.#stopped;
      await api.call(record.token, entry.operation, entry.args, { signal, attempts: 1 });
      outbox.remove(name);
    } catch (error) {
      const code = error instanceof HqError ? error.code : 'failed';
      if (code === 'unauthenticated') {
        heldAgents.add(entry.agent);
      } else if (final.has(code)) {
        log.warn(`An entry of the outbox was set aside: ${sentenceOf(error)}`);
        outbox.setAside(name);
      } else {
        throw error;
      }
    }
  }
}

const sentenceOf = (error: unknown): string =>
  error instanceof HqError ? error.message : 'its files cannot be read or written.';
