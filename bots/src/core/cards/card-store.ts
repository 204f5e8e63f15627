import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@hq/shared/log';
import type { CommandRow } from '@hq/shared/rows';
import type { Handle } from '../../contract/card.ts';
import type { Place, Platform } from '../../contract/inbound.ts';
import { type ChatHq, isAway } from '../api/chat-api.ts';

/** Where a command is shown, and what its card says that is in no row: who pressed what. */
interface KeptCard {
  readonly place: Place;
  readonly handle: Handle;
  readonly row: CommandRow;
  readonly stamp: string | undefined;
  /** Only one person sees the message, and after a restart nobody can change it. */
  readonly isPrivate: boolean;
}

/** Where cards are, kept in the database: the next process finds them there. */
export interface KeptCards {
  /** Tries for ten minutes while the database is away. `isOver`: nobody has to look after it any more. */
  keep(card: KeptCard, isOver: boolean): Promise<void>;
  /** Those that somebody has to look after. */
  open(platform: Platform): Promise<readonly KeptCard[]>;
  /** Tries no longer. */
  stop(): void;
}

/** What is kept beside the ids of the message. */
const stampKey = 'hq_stamp';
const privateKey = 'hq_private';
const patienceMs = 600_000;
const firstPauseMs = 500;
const longestPauseMs = 15_000;

export function createKeptCards(hq: Pick<ChatHq, 'keepCard' | 'openCards'>, log: Log): KeptCards {
  let isStopping = false;
  return {
    async keep({ place, handle, row, stamp, isPrivate }, isOver) {
      const { platform, install, channel, thread } = place;
      const until = Date.now() + patienceMs;
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
        try {
          await hq.keepCard({
            command_id: row.id,
            platform,
            install,
            channel,
            thread,
            handle: {
              ...handle,
              ...(stamp !== undefined && { [stampKey]: stamp }),
              ...(isPrivate && { [privateKey]: place.kind }),
            },
            shown: row.status,
            closed: isOver,
          });
          return;
        } catch (error) {
          if (!isAway(error) || Date.now() > until || isStopping) {
            log.warn({ err: error, command: row.id }, 'where a card is could not be kept');
            return;
          }
          await delay(pauseMs);
        }
      }
    },
    async open(platform) {
      const cards = await hq.openCards(platform);
      return cards.map(({ handle: kept, command, install, channel, thread }) => {
        const { [stampKey]: stamp, [privateKey]: privately, ...handle } = kept;
        const kind = privately === 'direct' ? 'direct' : 'group';
        return {
          place: { platform, install, channel, thread, kind },
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
