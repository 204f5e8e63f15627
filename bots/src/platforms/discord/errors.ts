import { DiscordAPIError, DiscordjsError, DiscordjsErrorCodes, HTTPError, RateLimitError } from 'discord.js';
import type { SendProblem } from '../../contract/inbound.ts';

/** Discord's numbers for what went wrong: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const unknownMessage = 10_008;
const chatIsClosed = new Set([10_003, 10_004, 10_013, 40_001, 50_001, 50_007, 50_013]);
/** The interaction is not known (any more), or its fifteen minutes are over. */
const interactionIsOver = new Set([10_015, 10_062, 50_027]);
const alreadyAcknowledged = 40_060;
/** A message that Discord no longer lets this be done to: written by another, or archived with its thread. */
const cannotBeEdited = new Set([50_005, 50_083]);

/**
 * What a failed request means. Only Discord's number and sentence are told: its errors hold the address, in which there is the
 * token of an interaction, and the body.
 */
export function problemOf(error: unknown): SendProblem {
  if (error instanceof RateLimitError) {
    return { kind: 'wait', afterMs: Math.max(error.retryAfter, error.sublimitTimeout, 250) };
  }
  if (error instanceof DiscordAPIError) {
    const code = Number(error.code);
    const reason = `Discord answered ${code || error.status}: ${error.message.split('\n')[0]}`;
    if (code === unknownMessage || cannotBeEdited.has(code) || interactionIsOver.has(code))
      return { kind: 'gone' };
    if (chatIsClosed.has(code)) return { kind: 'closed', reason };
    if (error.status === 401) return { kind: 'away', reason: 'Discord does not accept the token any more' };
    if (error.status === 403 || error.status === 404) return { kind: 'closed', reason };
    return { kind: 'refused', reason: `Discord answered ${code || error.status}: ${error.message}` };
  }
  if (error instanceof HTTPError) return { kind: 'away', reason: `Discord answered ${error.status}` };
  return { kind: 'away', reason: `Discord does not answer (${nameOf(error)})` };
}

/** One sentence for the log. */
export function describeProblem(problem: SendProblem): string {
  switch (problem.kind) {
    case 'wait':
      return `too fast, again in ${problem.afterMs} ms`;
    case 'gone':
      return 'it is not there any more';
    case 'moved':
      return 'the chat has moved';
    default:
      return problem.reason;
  }
}

export function isExpired(error: unknown): boolean {
  return error instanceof DiscordAPIError && interactionIsOver.has(Number(error.code));
}

export function isAlreadyAcknowledged(error: unknown): boolean {
  return error instanceof DiscordAPIError && error.code === alreadyAcknowledged;
}

export function isRevoked(error: unknown): boolean {
  if (error instanceof DiscordjsError) return error.code === DiscordjsErrorCodes.TokenInvalid;
  return (
    error instanceof DiscordAPIError && error.status === 401 && !interactionIsOver.has(Number(error.code))
  );
}

/** Whether the same request may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  return problemOf(error).kind === 'away' && !isRevoked(error);
}

/** The code of a network error, or the name of any other: their messages may hold addresses. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  const cause = error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : null;
  return code ?? cause ?? error.name;
}
