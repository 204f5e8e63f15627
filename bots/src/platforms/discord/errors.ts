import { DiscordAPIError, DiscordjsError, DiscordjsErrorCodes, HTTPError, RateLimitError } from 'discord.js';
import type { SendProblem } from '../../contract/inbound.ts';
import { describeProblem } from '../send-attempts.ts';

/** Error codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const unknownChannel = 10_003;
const unknownMessage = 10_008;
const alreadyAcknowledged = 40_060;
const closedChat = new Set([unknownChannel, 10_004, 10_013, 40_001, 50_001, 50_007, 50_013]);
/** The interaction is unknown, or its fifteen minutes are over. */
const expiredInteraction = new Set([10_015, 10_062, 50_027]);
const archivedThread = 50_083;
/** The message is another author's, or archived with its thread. */
const notEditable = new Set([50_005, archivedThread]);

/** Holds only Discord's code and message: the errors carry the address with an interaction's token, and the body. */
export function toProblem(error: unknown): SendProblem {
  if (error instanceof RateLimitError) {
    return { kind: 'wait', afterMs: Math.max(error.retryAfter, error.sublimitTimeout, 250) };
  }
  if (error instanceof DiscordAPIError) {
    const code = Number(error.code);
    const reason = `Discord answered ${code || error.status}: ${error.message.split('\n')[0]}`;
    if (code === unknownMessage || notEditable.has(code) || expiredInteraction.has(code))
      return { kind: 'gone' };
    if (closedChat.has(code)) return { kind: 'closed', reason };
    if (error.status === 401) return { kind: 'away', reason: 'Discord no longer accepts the token' };
    if (error.status === 403 || error.status === 404) return { kind: 'closed', reason };
    return { kind: 'refused', reason: `Discord answered ${code || error.status}: ${error.message}` };
  }
  if (error instanceof HTTPError) return { kind: 'away', reason: `Discord answered ${error.status}` };
  return { kind: 'away', reason: `Discord does not answer (${errorName(error)})` };
}

/** One sentence for the log, without secrets. */
export function describeError(error: unknown): string {
  return describeProblem(toProblem(error));
}

/** The thread was deleted, or is archived and locked. */
export function isThreadLost(error: unknown): boolean {
  return error instanceof DiscordAPIError && [unknownChannel, archivedThread].includes(Number(error.code));
}

export function isExpired(error: unknown): boolean {
  return error instanceof DiscordAPIError && expiredInteraction.has(Number(error.code));
}

export function isAlreadyAcknowledged(error: unknown): boolean {
  return error instanceof DiscordAPIError && error.code === alreadyAcknowledged;
}

/** Discord does not accept the bot's token. */
export function isRevoked(error: unknown): boolean {
  if (error instanceof DiscordjsError) return error.code === DiscordjsErrorCodes.TokenInvalid;
  return error instanceof DiscordAPIError && error.status === 401 && !isExpired(error);
}

/** The same request may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  return toProblem(error).kind === 'away' && !isRevoked(error);
}

/** The code of a network error, else the error's name: messages may hold addresses. */
function errorName(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  const coded = [error, error.cause].find((one) => one instanceof Error && 'code' in one);
  return coded instanceof Error && 'code' in coded ? String(coded.code) : error.name;
}
