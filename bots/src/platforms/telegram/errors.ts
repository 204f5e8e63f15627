import type { Problem } from '../../contract/inbound.ts';
import { type Fields, fields, id, whole, words } from './json-fields.ts';

/** Why a call of the Bot API came to nothing, in words that hold no token. */
export class TelegramFault extends Error {
  override readonly name = 'TelegramFault';
  /** As Telegram numbers it, after HTTP; null where there was no answer that could be read. */
  readonly code: number | null;
  readonly retryAfterMs: number | null;
  readonly movedTo: string | null;

  constructor(
    message: string,
    about: { readonly code?: number; readonly retryAfterMs?: number; readonly movedTo?: string } = {},
  ) {
    super(message);
    this.code = about.code ?? null;
    this.retryAfterMs = about.retryAfterMs ?? null;
    this.movedTo = about.movedTo ?? null;
  }
}

/**
 * What the library throws, as a fault. Its messages hold the address that was called, and the token is in that
 * address: nothing of them is taken over but what Telegram itself said.
 */
export function toFault(thrown: unknown, token: string): TelegramFault {
  if (thrown instanceof TelegramFault) return thrown;
  const error = fields(thrown) ?? {};
  const response = fields(error.response);
  const code = whole(response?.error_code);
  if (response !== undefined && code !== undefined) {
    const parameters: Fields = fields(response.parameters) ?? {};
    const seconds = whole(parameters.retry_after);
    const movedTo = id(parameters.migrate_to_chat_id);
    return new TelegramFault(
      (words(response.description) ?? 'Telegram gave no reason').replaceAll(token, '***').slice(0, 300),
      {
        code,
        ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }),
        ...(movedTo === undefined ? {} : { movedTo }),
      },
    );
  }
  const name = thrown instanceof Error ? thrown.name : '';
  if (name === 'AbortError' || name === 'TimeoutError')
    return new TelegramFault('Telegram did not answer in time');
  if (words(error.type) === 'invalid-json' || name === 'SyntaxError') {
    return new TelegramFault('what answered is not the Bot API (no JSON)');
  }
  const reason = words(error.code);
  return new TelegramFault(
    reason !== undefined && /^[A-Z_]+$/u.test(reason)
      ? `Telegram is not reached (${reason})`
      : 'Telegram is not reached',
  );
}

const gone = /message to (?:edit|delete|be replied) not found|message can't be edited|message_id_invalid/iu;
const closed =
  /chat not found|user is deactivated|peer_id_invalid|not enough rights|have no rights|need administrator rights|chat_write_forbidden|topic_closed|topic_deleted|thread not found|chat_restricted|chat_admin_required/iu;

/** What a fault means for a message; null where it is none. */
export function toProblem(fault: TelegramFault): Problem | null {
  if (fault.movedTo !== null) return { kind: 'moved', channel: fault.movedTo };
  if (/message is not modified/iu.test(fault.message)) return null;
  if (fault.code === 429) return { kind: 'wait', afterMs: fault.retryAfterMs ?? 5_000 };
  if (fault.code === 403 || (fault.code === 400 && closed.test(fault.message))) {
    return { kind: 'closed', reason: fault.message };
  }
  if (fault.code === 400 && gone.test(fault.message)) return { kind: 'gone' };
  if (fault.code === null || fault.code === 401 || fault.code === 409 || fault.code >= 500) {
    return { kind: 'away', reason: fault.message };
  }
  return { kind: 'refused', reason: fault.message };
}
