import type { CommandOutputRow, CommandRow } from '@hq/shared/rows';
import { plain, plainLine } from '@hq/shared/text';
import { commandOutcome, commandState, commandTime } from '../../columns/command-state.ts';
import { targetOf } from '../../columns/commands.ts';
import { memberName } from '../../columns/member-name.ts';
import type { RowContext } from '../../columns/row-context.ts';
import { clockTime, since } from '../ages.ts';
import { outputLines } from '../output-text.ts';
import { blank, calm, exactly, line, type Part, titleRule } from '../panel.ts';
import type { Scroll } from '../scroll.ts';
import type { Body, Room } from '../view.ts';

export interface CommandScene {
  /** Null while it is being read. */
  readonly command: CommandRow | null;
  readonly isMissing: boolean;
  readonly output: readonly CommandOutputRow[];
  readonly scroll: Scroll;
}

export function commandBody(scene: CommandScene, context: RowContext, room: Room): Body {
  const { width, height, theme } = room;
  const { command } = scene;
  if (command === null) {
    const told = scene.isMissing
      ? ['There is no such command here.', 'esc goes back']
      : ['Reading the command'];
    return { lines: calm(told, width, height, theme), rows: null };
  }
  const facts = factLines(command, context, room);
  const outputHeight = Math.max(1, height - facts.length - 2);
  const lines = outputLines(scene.output);
  const { first, count } = scene.scroll.window(lines.length, outputHeight);
  const shown = lines
    .slice(first, first + count)
    .map(({ stream, text }) =>
      line(
        [
          { text: stream === 'stderr' ? `${theme.mark('warn')} ` : '  ', tone: 'warn' },
          { text: plainLine(text) },
        ],
        width,
        theme,
      ),
    );
  const place = lines.length === 0 ? '' : `${first + count} of ${lines.length}`;
  const note = [scene.scroll.isFollowing ? 'following' : 'paused, f follows', place]
    .filter(Boolean)
    .join(' · ');
  const body =
    lines.length === 0
      ? calm([silenceTold(command)], width, outputHeight, theme)
      : exactly(shown, outputHeight, width);
  return {
    lines: exactly([...facts, blank(width), titleRule('Output', note, width, theme), ...body], height, width),
    rows: null,
  };
}

function factLines(command: CommandRow, context: RowContext, { width, theme }: Room): string[] {
  const state = commandState(command);
  const time = commandTime(command, context.now);
  const target = targetOf(command, context);
  const payload = Object.entries(command.payload).map(
    ([key, value]) => `${key}=${plain(JSON.stringify(value))}`,
  );
  const facts: Part[][] = [
    [
      { text: ` ${theme.mark(state.mark)} ${state.word}`, tone: state.tone },
      { text: time === '' ? '' : `  ${time}` },
      { text: target === '' ? '' : `  on ${target}` },
      { text: payload.length === 0 ? '' : `  ${payload.join(' ')}`, tone: 'dim' },
    ],
    [
      {
        text: `   asked by ${memberName(command.requested_by, context.member)}${command.origin ? ` from ${plain(command.origin)}` : ''}, ${clockTime(command.created_at, context.now)} (${since(command.created_at, context.now)})`,
        tone: 'dim',
      },
    ],
    [
      {
        text: `   ${attemptTold(command)}${command.runner_id ? `run by ${plain(command.runner_id)} · ` : ''}id ${command.id}`,
        tone: 'dim',
      },
    ],
  ];
  const outcome = commandOutcome(command);
  const percent = command.status === 'running' ? command.progress?.percent : null;
  if (typeof percent === 'number')
    facts.push([{ text: `   ${bar(percent, 24, theme.unicode)} `, tone: 'busy' }, { text: outcome }]);
  else if (outcome !== '') {
    facts.push([{ text: '   ' }, { text: outcome, tone: command.status === 'failed' ? 'bad' : 'strong' }]);
  } else facts.push([]);
  return facts.map((parts) => line(parts, width, theme));
}

function attemptTold({ attempt }: CommandRow): string {
  return attempt > 1 ? `attempt ${attempt} · ` : '';
}

function silenceTold(command: CommandRow): string {
  if (command.status === 'pending') return 'Waiting for the runner to take it.';
  return command.completed_at === null ? 'No output yet.' : 'It wrote no output.';
}

function bar(percent: number, width: number, unicode: boolean): string {
  const full = Math.round((Math.max(0, Math.min(100, percent)) / 100) * width);
  return (unicode ? '━' : '#').repeat(full) + (unicode ? '─' : '-').repeat(width - full);
}
