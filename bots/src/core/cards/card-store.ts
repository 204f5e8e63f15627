import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@hq/shared/log';
import type { CommandRow } from '@hq/shared/rows';
import type { Handle } from '../../contract/card.ts';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import { type ChatApi, isUnreachable } from '../api/chat-api.ts';

/** Where a command is shown, and what its card says that is in no row: who pressed what. */
interface StoredCard {
  readonly location: ChatLocation;
  readonly handle: Handle;
  readonly row: CommandRow;
  readonly stamp: string | undefined;
  /** Only one person sees the message, and after a restart nobody can change it. */
  readonly isPrivate: boolean;
}

/** Where cards are, kept in the database: the next process finds them there. */
export interface CardStore {
  /** Tries for ten minutes while the database is away. `isOver`: nobody has to look after it any more. */
  save(card: StoredCard, isOver: boolean): Promise<void>;
  /** Those that somebody has to look after. */
  load(platform: Platform): Promise<readonly StoredCard[]>;
  /** Tries no longer. */
  stop(): void;
}

/** What is kept beside the ids of the message. */
const stampKey = 'hq_stamp';
const privateKey = 'hq_private';
const offlineRetryMs = 600_000;
const firstPauseMs = 500;
const longestPauseMs = 15_000;

export function createCardStore(api: Pick<ChatApi, 'storeCard' | 'openCards'>, log: Log): CardStore {
  let isStopping = false;
  return {
    async save({ location, handle, row, stamp, isPrivate }, isOver) {
      const { platform, install, channel, thread } = location;
      const until = Date.now() + offlineRetryMs;
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
        try {
          await api.storeCard({
            command_id: row.id,
            platform,
            install,
            channel,
            thread,
            handle: {
              ...handle,
              ...(stamp !== undefined && { [stampKey]: stamp }),
              ...(isPrivate && { [privateKey]: location.kind }),
            },
            shown: row.status,
            closed: isOver,
          });
          return;
        } catch (error) {
          if (!isUnreachable(error) || Date.now() > until || isStopping) {
            log.warn({ err: error, command: row.id }, 'where a card is could not be kept');
            return;
          }
          await delay(pauseMs);
        }
      }
    },
    async load(platform) {
      const cards = await api.openCards(platform);
      return cards.map(({ handle: kept, command, install, channel, thread }) => {
        const { [stampKey]: stamp, [privateKey]: privately, ...handle } = kept;
        const kind = privately === 'direct' ? 'direct' : 'group';
        return {
          location: { platform, install, channel, thread, kind },
          handle,
          row: command,
          stamp,
          isPrivate: privately !== undefined,
        };
      });
    },
    stop() {
      isStopping = true;
    },
  };
}
