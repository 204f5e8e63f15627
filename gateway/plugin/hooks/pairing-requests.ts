import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import { readSmallFile } from '../agent-records.ts';

/** Request of a person who wrote to an agent for the first time. The code approves it, so its file is private. */
const pairingRequest = z.object({
  channel: z.string(),
  account: z.string(),
  sender: z.string(),
  senderName: z.string().nullable(),
  code: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});

export type PairingRequest = z.output<typeof pairingRequest>;

/** OpenClaw forgets a request after an hour. */
const lifetimeMs = 60 * 60 * 1_000;
const most = 200;
const largestFile = 1024 * 1024;
const longestName = 200;

interface PairingEvent {
  readonly channel: string;
  readonly accountId?: string | undefined;
  readonly senderId: string;
  readonly code: string;
  readonly metadata?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Codes of the pairing requests that OpenClaw announced. Its own list does not show them. */
export class PairingRequests {
  readonly #file: string;

  constructor(stateDir: string) {
    this.#file = join(stateDir, 'hq', 'pairing-codes.json');
  }

  /** Stores the request before it returns; a repeated one replaces the first. */
  add({ channel, accountId, senderId, code, metadata = {} }: PairingEvent, now = Date.now()): PairingRequest {
    const name = metadata.name || metadata.username || metadata.firstName || null;
    const request: PairingRequest = {
      channel,
      account: accountId ?? 'default',
      sender: senderId.slice(0, longestName),
      senderName: name?.slice(0, longestName) ?? null,
      code,
      createdAt: new Date(now).toISOString(),
      expiresAt: new Date(now + lifetimeMs).toISOString(),
    };
    const others = this.list(now).filter((other) => keyOf(other) !== keyOf(request));
    const partial = `${this.#file}.${process.pid}`;
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    const text = JSON.stringify([...others, request].slice(-most));
    writeFileSync(partial, text, { mode: 0o600, flush: true });
    renameSync(partial, this.#file);
    return request;
  }

  /** Returns the requests that have not expired, oldest first. */
  list(now = Date.now()): readonly PairingRequest[] {
    const parsed = z
      .array(pairingRequest)
      .safeParse(parseJson(readSmallFile(this.#file, largestFile) ?? '[]'));
    // A damaged file costs codes that live for an hour: the sender gets another by writing again.
    return parsed.success ? parsed.data.filter(({ expiresAt }) => Date.parse(expiresAt) > now) : [];
  }
}

const keyOf = ({ channel, account, sender }: PairingRequest): string =>
  JSON.stringify([channel, account, sender]);
