import type { SendProblem } from '../../contract/inbound.ts';
import { fieldsOf, idOf, integerOf, textOf } from './inbound/json-fields.ts';

interface TelegramErrorOptions {
  readonly code?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly movedTo?: string | undefined;
}

/** A failed call of the Bot API. Its message holds no token. */
export class TelegramError extends Error {
  override readonly name = 'TelegramError';
  /** Telegram's error code, as in HTTP; null without a readable answer. */
  readonly code: number | null;
  readonly retryAfterMs: number | null;
  /** The new id of a group that became a supergroup. */
  readonly movedTo: string | null;

  constructor(message: string, { code, retryAfterMs, movedTo }: TelegramErrorOptions = {}) {
    super(message);
    this.code = code ?? null;
    this.retryAfterMs = retryAfterMs ?? null;
    this.movedTo = movedTo ?? null;
  }
}

/** Keeps only Telegram's own description: the messages of the library hold the address, and with it the token. */
export function toTelegramError(thrown: unknown, token: string): TelegramError {
  if (thrown instanceof TelegramError) return thrown;
  const error = fieldsOf(thrown);
  const response = fieldsOf(error?.response);
  const code = integerOf(response?.error_code);
  if (response !== undefined && code !== undefined) {
    const parameters = fieldsOf(response.parameters);
    const seconds = integerOf(parameters?.retry_after);
    const description = textOf(response.description) ?? 'Telegram gave no reason';
    return new TelegramError(description.replaceAll(token, '***').slice(0, 300), {
      code,
      retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
      movedTo: idOf(parameters?.migrate_to_chat_id),
    });
  }
  const name = thrown instanceof Error ? thrown.name : '';
  if (name === 'AbortError' || name === 'TimeoutError')
    return new TelegramError('Telegram did not answer in time');
  if (textOf(error?.type) === 'invalid-json' || name === 'SyntaxError') {
    return new TelegramError('the server is not the Bot API (its answer is not JSON)');
  }
  const reason = textOf(error?.code);
  const suffix = reason !== undefined && /^[A-Z_]+$/u.test(reason) ? ` (${reason})` : '';
  return new TelegramError(`Telegram cannot be reached${suffix}`);
}

const lostTopic = /topic_closed|topic_deleted|thread not found/iu;
const gone = /message to (?:edit|delete|be replied) not found|message can't be edited|message_id_invalid/iu;
const closed =
  /chat not found|user is deactivated|peer_id_invalid|not enough rights|have no rights|need administrator rights|chat_write_forbidden|chat_restricted|chat_admin_required/iu;

/** The topic of a group is closed or deleted; the group itself may take the message. */
export function isTopicLost(error: unknown): error is TelegramError {
  return error instanceof TelegramError && error.code === 400 && lostTopic.test(error.message);
}

/** Null for an edit that changes nothing, which is no problem. */
export function toProblem(error: TelegramError): SendProblem | null {
  const { code, message, movedTo, retryAfterMs } = error;
  if (movedTo !== null) return { kind: 'moved', channel: movedTo };
  if (/message is not modified/iu.test(message)) return null;
  if (code === 429) return { kind: 'wait', afterMs: retryAfterMs ?? 5_000 };
  if (code === 403 || isTopicLost(error) || (code === 400 && closed.test(message)))
    return { kind: 'closed', reason: message };
  if (code === 400 && gone.test(message)) return { kind: 'gone' };
  if (code === null || code === 401 || code === 409 || code >= 500) return { kind: 'away', reason: message };
  return { kind: 'refused', reason: message };
}
