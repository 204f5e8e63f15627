import { describeResult, resultWarning } from '@hq/shared/actions';
import { commandPhase, isRunnerLost, runTimeMs } from '@hq/shared/fleet';
import { type CommandRow, isFinished } from '@hq/shared/rows';
import { duration } from '@hq/shared/text';
import type { Button, Card, Tone } from '../../contract/card.ts';
import { type ActionTable, findAction } from '../action-table.ts';
import type { Blocker } from './blockers.ts';

export interface CommandCardContent {
  readonly row: CommandRow;
  readonly gateway: string | null;
  /** The end of its output. */
  readonly output: string;
  readonly stamp: string | undefined;
  /** The reason why it waits. */
  readonly blocker: Blocker | null;
  readonly buttons: readonly Button[];
  /** The database's clock. */
  readonly now: number;
  readonly maxText: number;
}

/** Lines of output that a running command shows. */
const liveLines = 8;
const mostLiveText = 1_200;

/** Renders a command in any of its states. */
export function renderCommandCard(actions: ActionTable, view: CommandCardContent): Card {
  const { row, gateway, output, stamp, blocker, buttons, now, maxText } = view;
  const action = findAction(actions, row.action);
  const target = row.agent_slug ?? gateway;
  const { state, tone } =
    blocker === null ? commandState(row, now) : { state: blocker.state, tone: 'warning' as const };
  const resultText =
    row.status === 'done' && action !== undefined
      ? (describeResult(action, row.result) ?? resultWarning(action, row.result))
      : null;
  const text = lastLines(
    output,
    isFinished(row) ? maxText / 2 : mostLiveText,
    isFinished(row) ? 400 : liveLines,
  );
  return {
    title: [action?.title ?? row.action, target === null ? '' : `(${target})`].filter(Boolean).join(' '),
    tone,
    state,
    body: [
      ...(blocker === null ? [] : [{ kind: 'text' as const, text: blocker.remedy }]),
      ...(resultText === null ? [] : [{ kind: 'text' as const, text: resultText }]),
      ...(row.error_message === null || row.status !== 'failed'
        ? []
        : [{ kind: 'text' as const, text: row.error_message }]),
      ...(text === '' ? [] : [{ kind: 'log' as const, text }]),
    ],
    buttons,
    ...(stamp !== undefined && { stamp }),
    footer: `${row.id.slice(0, 8)}${row.attempt > 1 ? `, attempt ${row.attempt}` : ''}`,
  };
}

export function commandState(row: CommandRow, now: number): { readonly state: string; readonly tone: Tone } {
  if (isRunnerLost(row, now)) return { state: 'its runner is gone', tone: 'warning' };
  const took = runTimeMs(row, now);
  const spent = took === null ? '' : took < 50 ? 'under 0.1s' : duration(took);
  switch (commandPhase(row)) {
    case 'pending':
      return { state: 'waiting for the runner', tone: 'neutral' };
    case 'retrying':
      return { state: 'waiting to be tried again', tone: 'warning' };
    case 'starting':
    case 'running':
      return { state: `running${progressText(row)}`, tone: 'neutral' };
    case 'cancelling':
      return { state: 'being cancelled', tone: 'warning' };
    case 'done':
      return { state: spent === '' ? 'done' : `done in ${spent}`, tone: 'good' };
    case 'failed':
      return { state: spent === '' ? 'failed' : `failed after ${spent}`, tone: 'bad' };
    case 'cancelled':
      return { state: 'cancelled', tone: 'warning' };
  }
}

function progressText({ progress }: CommandRow): string {
  const percent = progress === null || progress.percent === null ? '' : `, ${progress.percent} %`;
  const note = progress?.note ?? '';
  return `${percent}${note === '' ? '' : `: ${note}`}`;
}

/** Returns the last whole lines that fit, or the end of a last line that is too long. */
export function lastLines(text: string, limit: number, lines: number): string {
  const last = text.replace(/\s+$/u, '').split('\n').slice(-lines);
  let size = 0;
  let from = last.length;
  while (from > 0) {
    size += (last[from - 1]?.length ?? 0) + 1;
    if (size > limit) break;
    from -= 1;
  }
  if (from === last.length) return (last.at(-1) ?? '').slice(-limit);
  return last.slice(from).join('\n');
}
