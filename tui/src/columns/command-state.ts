import { describeResult, resultWarning } from '@hq/shared/actions';
import { type CommandPhase, commandPhase, runTimeMs } from '@hq/shared/fleet';
import type { CommandRow } from '@hq/shared/rows';
import { age, duration, elapsed, plain } from '@hq/shared/text';
import type { Mark, Tone } from '../theme/theme.ts';

/** State of a row as screens and tables show it. */
export interface StateLabel {
  readonly word: string;
  readonly mark: Mark;
  readonly tone: Tone;
}

const labels: Readonly<Record<CommandPhase, StateLabel>> = {
  pending: { word: 'pending', mark: 'busy', tone: 'busy' },
  retrying: { word: 'pending', mark: 'busy', tone: 'busy' },
  starting: { word: 'starting', mark: 'busy', tone: 'busy' },
  running: { word: 'running', mark: 'busy', tone: 'busy' },
  cancelling: { word: 'cancelling', mark: 'warn', tone: 'warn' },
  done: { word: 'done', mark: 'good', tone: 'good' },
  failed: { word: 'failed', mark: 'bad', tone: 'bad' },
  cancelled: { word: 'cancelled', mark: 'off', tone: 'off' },
};

export function commandState(command: CommandRow): StateLabel {
  return labels[commandPhase(command)];
}

/** Returns the time that a command has run for or took; empty while it waits. */
export function commandTime(command: CommandRow, now: number): string {
  const time = runTimeMs(command, now);
  if (time === null) return '';
  return command.completed_at === null ? elapsed(time) : duration(time);
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
      return resultText(command);
    default:
      return progressOf(command);
  }
}

function resultText({ action, result }: CommandRow): string {
  return plain(describeResult(action, result) ?? resultWarning(action, result) ?? '');
}

function progressOf(command: CommandRow): string {
  const { progress } = command;
  if (progress === null) return '';
  const percent = progress.percent === null ? '' : `${Math.round(progress.percent)}%`;
  return [percent, plain(progress.note ?? '')].filter((part) => part !== '').join(' ');
}
