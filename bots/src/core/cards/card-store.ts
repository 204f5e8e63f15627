import type { Log } from '@hq/shared/log';
import type { CommandRow } from '@hq/shared/rows';
import type { Handle } from '../../contract/card.ts';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import { type ChatApi, whileUnreachable } from '../api/chat-api.ts';

interface StoredCard {
  readonly location: ChatLocation;
  readonly handle: Handle;
  readonly row: CommandRow;
  readonly askedBy: string | null;
  /** The decision on the card, the one part of it that is in no row. */
  readonly stamp: string | undefined;
  /** Only one person sees the message, and nobody can edit it after a restart. */
  readonly isPrivate: boolean;
}

/** Keys beside the platform's ids in the stored handle. */
const stampKey = 'hq_stamp';
const privateKey = 'hq_private';
const retryLimitMs = 600_000;
const pause = { firstMs: 500, longestMs: 15_000 } as const;

export type CardStore = ReturnType<typeof createCardStore>;

/** Stores in the database where cards are, for the next process. */
export function createCardStore(api: Pick<ChatApi, 'storeCard' | 'openCards'>, log: Log) {
  const stopped = new AbortController();
  return {
    /** Retries for ten minutes while the database is unreachable. A closed card is not loaded again. */
    async save(
      { location, handle, row, stamp, isPrivate }: Omit<StoredCard, 'askedBy'>,
      isClosed: boolean,
    ): Promise<void> {
      const { platform, install, channel, thread, kind } = location;
      const card = {
        command_id: row.id,
        platform,
        install,
        channel,
        thread,
        handle: {
          ...handle,
          ...(stamp !== undefined && { [stampKey]: stamp }),
          ...(isPrivate && { [privateKey]: kind }),
        },
        shown: row.status,
        closed: isClosed,
      };
      const limits = { limitMs: retryLimitMs, signal: stopped.signal };
      await whileUnreachable(() => api.storeCard(card), pause, limits).catch((error: unknown) => {
        log.warn({ err: error, command: row.id }, 'the place of a card could not be stored');
      });
    },
    async load(platform: Platform): Promise<readonly StoredCard[]> {
      const cards = await api.openCards(platform);
      return cards.map(({ handle: stored, command, asked_by, install, channel, thread }) => {
        const { [stampKey]: stamp, [privateKey]: privateKind, ...handle } = stored;
        const kind = privateKind === 'direct' ? 'direct' : 'group';
        return {
          location: { platform, install, channel, thread, kind },
          handle,
          row: command,
          askedBy: asked_by ?? null,
          stamp,
          isPrivate: privateKind !== undefined,
        };
      });
    },
    /** Ends all retries. */
    stop(): void {
      stopped.abort();
    },
  };
}
