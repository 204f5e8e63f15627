import { describeResult, resultWarning } from '@hq/shared/actions';
import { commandPhase, isRunnerLost, runTimeMs } from '@hq/shared/fleet';
import { type CommandRow, isFinished } from '@hq/shared/rows';
import { duration, truncate, withoutShapes } from '@hq/shared/text';
import { z } from 'zod';
import type { Button, Card, Tone } from '../../contract/card.ts';
import { type ActionTable, findAction } from '../action-table.ts';
import type { Blocker } from './blockers.ts';
import { moment, newLine, shortId, text } from './card-parts.ts';

export interface CommandCardContent {
  readonly row: CommandRow;
  readonly gateway: string | null;
  /** The end of its output. */
  readonly output: string;
  /** The address of the person who requested it; null for nobody known, and for a card that nobody else sees. */
  readonly askedBy: string | null;
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
  const { row, gateway, output, askedBy, stamp, blocker, buttons, now, maxText } = view;
  const action = findAction(actions, row.action);
  const target = row.agent_slug ?? gateway ?? subjectOf(row);
  const { state, tone } =
    blocker === null ? commandState(row, now) : { state: blocker.state, tone: 'warning' as const };
  const resultText =
    row.status === 'done' && action !== undefined
      ? (describeResult(action, row.result) ?? resultWarning(action, row.result))
      : null;
  const isOver = isFinished(row);
  const log = lastLines(output, isOver ? maxText / 2 : mostLiveText, isOver ? 400 : liveLines);
  const sentences = [blocker?.remedy, resultText, row.status === 'failed' ? row.error_message : null];
  return {
    title: [action?.title ?? row.action, target === null ? '' : `(${target})`].filter(Boolean).join(' '),
    tone,
    state,
    body: [
      text(askedBy === null ? 'Asked ' : `Asked by ${askedBy}, `),
      moment(row.created_at, now),
      ...sentences.flatMap((sentence) => (sentence ? [newLine, text(sentence)] : [])),
      ...(log === '' ? [] : [{ kind: 'log' as const, text: log }]),
    ],
    buttons,
    stamp,
    footer: `${shortId(row.id)}${row.attempt > 1 ? `, attempt ${row.attempt}` : ''}`,
  };
}

const longestSubject = 80;
const subject = z.object({ title: z.string() });

/** The title of the row that an action of the workspace is about. */
function subjectOf({ result, payload }: CommandRow): string | null {
  const { data } =
    [result, payload].map((one) => subject.safeParse(one)).find(({ success }) => success) ?? {};
  return data === undefined ? null : truncate(data.title, longestSubject);
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
  if (from === last.length) return withoutShapes(last.at(-1) ?? '').slice(-limit);
  return last.slice(from).join('\n');
}
