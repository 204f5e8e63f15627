import { describeResult } from '@hq/shared/actions';
import type { CommandRow } from '@hq/shared/rows';
import { age, duration, elapsed, plain } from '@hq/shared/text';
import type { Mark, Tone } from '../theme/theme.ts';

/** State of a row as screens and tables show it. */
export interface StateLabel {
  readonly word: string;
  readonly mark: Mark;
  readonly tone: Tone;
}

const commandStates: Readonly<Record<CommandRow['status'], StateLabel>> = {
  pending: { word: 'pending', mark: 'busy', tone: 'busy' },
  leased: { word: 'starting', mark: 'busy', tone: 'busy' },
  running: { word: 'running', mark: 'busy', tone: 'busy' },
  done: { word: 'done', mark: 'good', tone: 'good' },
  failed: { word: 'failed', mark: 'bad', tone: 'bad' },
  cancelled: { word: 'cancelled', mark: 'off', tone: 'off' },
};

export function commandState(command: CommandRow): StateLabel {
  const state = commandStates[command.status];
  const isCancelling = command.cancel_requested_at !== null && state.mark === 'busy';
  return isCancelling ? { word: 'cancelling', mark: 'warn', tone: 'warn' } : state;
}

/** Returns the time that a command has run for or took; empty while it waits. */
export function commandTime(command: CommandRow, now: number): string {
  if (command.started_at === null) return '';
  const start = Date.parse(command.started_at);
  if (command.completed_at !== null) return duration(Date.parse(command.completed_at) - start);
  return elapsed(now - start);
}

/**
 * Returns an unfinished command in a few words: `restart_gateway 12s`, `update 8m`, `ping pending`. It counts seconds only in
 * the first minute: a long list that counts them would fill a slow connection.
 */
export function openCommandText(command: CommandRow, now: number): string {
  const { word } = commandState(command);
  const ran = command.started_at === null ? 0 : now - Date.parse(command.started_at);
  const time = ran < 60_000 ? commandTime(command, now) : age(ran);
  return `${plain(command.action)} ${word === 'running' && time !== '' ? time : word}`;
}

/** Returns the result, the error or the progress of a command as one plain line. */
export function commandOutcome(command: CommandRow): string {
  switch (command.status) {
    case 'failed':
    case 'cancelled':
      return plain(command.error_message ?? '');
    case 'done':
      return plain(describeResult(command.action, command.result) ?? '');
    default:
      return progressOf(command);
  }
}

function progressOf(command: CommandRow): string {
  const { progress } = command;
  if (progress === null) return '';
  const percent = progress.percent === null ? '' : `${Math.round(progress.percent)}%`;
  return [percent, plain(progress.note ?? '')].filter((part) => part !== '').join(' ');
}
