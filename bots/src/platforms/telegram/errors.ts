import type { SendProblem } from '../../contract/inbound.ts';
import { fieldsOf, idOf, integerOf, type JsonFields, textOf } from './inbound/json-fields.ts';

/** Why a call of the Bot API came to nothing, in words that hold no token. */
export class TelegramError extends Error {
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
export function toTelegramError(thrown: unknown, token: string): TelegramError {
  if (thrown instanceof TelegramError) return thrown;
  const error = fieldsOf(thrown) ?? {};
  const response = fieldsOf(error.response);
  const code = integerOf(response?.error_code);
  if (response !== undefined && code !== undefined) {
    const parameters: JsonFields = fieldsOf(response.parameters) ?? {};
    const seconds = integerOf(parameters.retry_after);
    const movedTo = idOf(parameters.migrate_to_chat_id);
    return new TelegramError(
      (textOf(response.description) ?? 'Telegram gave no reason').replaceAll(token, '***').slice(0, 300),
      {
        code,
        ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }),
        ...(movedTo === undefined ? {} : { movedTo }),
      },
    );
  }
  const name = thrown instanceof Error ? thrown.name : '';
  if (name === 'AbortError' || name === 'TimeoutError')
    return new TelegramError('Telegram did not answer in time');
  if (textOf(error.type) === 'invalid-json' || name === 'SyntaxError') {
    return new TelegramError('what answered is not the Bot API (no JSON)');
  }
  const reason = textOf(error.code);
  return new TelegramError(
    reason !== undefined && /^[A-Z_]+$/u.test(reason)
      ? `Telegram is not reached (${reason})`
      : 'Telegram is not reached',
  );
}

const gone = /message to (?:edit|delete|be replied) not found|message can't be edited|message_id_invalid/iu;
const closed =
  /chat not found|user is deactivated|peer_id_invalid|not enough rights|have no rights|need administrator rights|chat_write_forbidden|topic_closed|topic_deleted|thread not found|chat_restricted|chat_admin_required/iu;

/** What a fault means for a message; null where it is none. */
export function toProblem(failure: TelegramError): SendProblem | null {
  if (failure.movedTo !== null) return { kind: 'moved', channel: failure.movedTo };
  if (/message is not modified/iu.test(failure.message)) return null;
  if (failure.code === 429) return { kind: 'wait', afterMs: failure.retryAfterMs ?? 5_000 };
  if (failure.code === 403 || (failure.code === 400 && closed.test(failure.message))) {
    return { kind: 'closed', reason: failure.message };
  }
  if (failure.code === 400 && gone.test(failure.message)) return { kind: 'gone' };
  if (failure.code === null || failure.code === 401 || failure.code === 409 || failure.code >= 500) {
    return { kind: 'away', reason: failure.message };
  }
  return { kind: 'refused', reason: failure.message };
}
