import { HqError } from '@hq/shared/errors';
import { EnvelopeError, type SecretsKeys, seal, type Unsealed, unseal } from '@hq/shared/secrets';

interface StoredEnvelope {
  readonly id: string;
  readonly encrypted_value: string;
}

interface ChangedEnvelope {
  readonly id: string;
  readonly old: string;
  readonly new: string;
}

/** Store of the envelopes. */
export interface Envelopes {
  /** Envelopes after an id, in the order of ids. */
  page(after: string | null, limit: number): Promise<readonly StoredEnvelope[]>;
  /** Replaces the envelopes that are unchanged; returns their ids. */
  replace(rows: readonly ChangedEnvelope[]): Promise<readonly string[]>;
}

export interface RekeyCounts {
  readonly total: number;
  /** Encrypted with the current key already. */
  readonly done: number;
  readonly toDo: number;
  /** Read by none of the keys. */
  readonly unreadable: number;
  /** The first of those, by id. */
  readonly unreadableIds: readonly string[];
}

export interface Rekeyed {
  readonly replaced: number;
  /** Changed by others between the reading and the writing; they keep those values. */
  readonly overtaken: number;
  /** True if it was asked to stop before the end. */
  readonly isStopped: boolean;
}

/** Ids of unreadable rows that are kept for the report. */
const mostIds = 100;
/** A batch with many large values goes in parts of about this many characters. */
const mostCharacters = 2_000_000;

/** Counts what there is to do. Nothing is written, and no value is kept. */
export async function countEnvelopes(
  envelopes: Envelopes,
  keys: SecretsKeys,
  batch: number,
  onProgress: (seen: number) => void,
): Promise<RekeyCounts> {
  let [total, done, toDo, unreadable] = [0, 0, 0, 0];
  const unreadableIds: string[] = [];
  for await (const page of pages(envelopes, batch)) {
    for (const { id, encrypted_value } of page) {
      const value = opened(encrypted_value, keys);
      if (value === null) {
        unreadable += 1;
        if (unreadableIds.length < mostIds) unreadableIds.push(id);
      } else if (value.fingerprint === keys.current.fingerprint) done += 1;
      else toDo += 1;
    }
    total += page.length;
    onProgress(total);
  }
  return { total, done, toDo, unreadable, unreadableIds };
}

/**
 * Encrypts every value that a former key reads with the current key, batch by batch. It leaves all others alone, so it may be
 * stopped anywhere, started again, and run twice. `mayGoOn` is called after every batch.
 */
export async function rekeyEnvelopes(
  envelopes: Envelopes,
  keys: SecretsKeys,
  batch: number,
  options: { readonly onProgress: (seen: number) => void; readonly mayGoOn: () => boolean },
): Promise<Rekeyed> {
  let [seen, replaced, overtaken] = [0, 0, 0];
  let after: string | null = null;
  for await (const page of pages(envelopes, batch)) {
    const fresh = sealAnew(page, keys);
    const taken = new Set<string>();
    for (const part of parts(fresh)) for (const id of await envelopes.replace(part)) taken.add(id);
    if (taken.size > 0) {
      const before = new Map(fresh.filter(({ id }) => taken.has(id)).map(({ id, old }) => [id, old]));
      await readBack(envelopes, { after, limit: page.length, before });
    }
    replaced += taken.size;
    overtaken += fresh.length - taken.size;
    seen += page.length;
    after = page.at(-1)?.id ?? after;
    options.onProgress(seen);
    if (!options.mayGoOn()) return { replaced, overtaken, isStopped: true };
  }
  return { replaced, overtaken, isStopped: false };
}

async function* pages(envelopes: Envelopes, limit: number): AsyncGenerator<readonly StoredEnvelope[]> {
  for (let after: string | null = null; ; ) {
    const page: readonly StoredEnvelope[] = await envelopes.page(after, limit);
    if (page.length > 0) yield page;
    after = page.at(-1)?.id ?? after;
    if (page.length < limit) return;
  }
}

/** Null for what none of the keys reads. */
function opened(envelope: string, keys: SecretsKeys): Unsealed | null {
  try {
    return unseal(envelope, keys);
  } catch (error) {
    if (error instanceof EnvelopeError) return null;
    throw error;
  }
}

/** Encrypts the envelopes of a page that a former key reads, and decrypts each new one to check it. */
function sealAnew(page: readonly StoredEnvelope[], keys: SecretsKeys): ChangedEnvelope[] {
  const { current } = keys;
  return page.flatMap(({ id, encrypted_value: old }) => {
    const before = opened(old, keys);
    if (before === null || before.fingerprint === current.fingerprint) return [];
    const fresh = seal(before.plaintext, current);
    if (opened(fresh, { current, previous: [] })?.plaintext !== before.plaintext) {
      throw new HqError('failed', `The secret ${id} does not decrypt to its old value after re-encryption.`, {
        hint: 'It was left as it is.',
      });
    }
    return [{ id, old, new: fresh }];
  });
}

function* parts(rows: readonly ChangedEnvelope[]): Generator<readonly ChangedEnvelope[]> {
  let part: ChangedEnvelope[] = [];
  let size = 0;
  for (const row of rows) {
    part.push(row);
    size += row.old.length + row.new.length;
    if (size < mostCharacters) continue;
    yield part;
    part = [];
    size = 0;
  }
  if (part.length > 0) yield part;
}

/** Reads the written envelopes back: each is the new one, or a later one of somebody else. */
async function readBack(
  envelopes: Envelopes,
  { after, limit, before }: { after: string | null; limit: number; before: ReadonlyMap<string, string> },
): Promise<void> {
  for (const { id, encrypted_value: now } of await envelopes.page(after, limit)) {
    if (before.get(id) !== now) continue;
    throw new HqError(
      'failed',
      `The database says that it took the new value of ${id}, and has the old one.`,
    );
  }
}
