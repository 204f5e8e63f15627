import type { ServiceHealth } from '@hq/shared/actions';
import type { CommandRow, GatewayRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { commandOutcome, commandState, commandTime } from '../../columns/command-state.ts';
import { gatewayState } from '../../columns/gateways.ts';
import type { RowContext } from '../../columns/row-context.ts';
import { fill, widthOf } from '../../table/cell.ts';
import type { Mark, Tone } from '../../theme/theme.ts';
import { ago } from '../ages.ts';
import { exactly, line, type Part, titleRule } from '../panel.ts';
import type { Room } from '../view.ts';

const healths: Readonly<Record<ServiceHealth, { readonly mark: Mark; readonly tone: Tone }>> = {
  healthy: { mark: 'good', tone: 'good' },
  running: { mark: 'good', tone: 'good' },
  starting: { mark: 'busy', tone: 'busy' },
  unhealthy: { mark: 'warn', tone: 'warn' },
  stopped: { mark: 'off', tone: 'off' },
  missing: { mark: 'bad', tone: 'bad' },
};

/** The selected gateway from near: its services, and what was asked of it last. */
export function gatewayPanel(
  gateway: GatewayRow,
  commands: readonly CommandRow[],
  context: RowContext,
  room: Room,
): string[] {
  const { width, height, theme } = room;
  const version = plain(gateway.meta.version ?? gateway.meta.runner ?? '');
  const state = gatewayState(gateway, context);
  const services = gateway.meta.services ?? [];
  const heading = titleRule(plain(gateway.slug), version, width, theme);
  const isSilent = state.word === 'stale' || state.word === 'never seen';
  const told = services.map((service) => {
    // What a silent gateway said last is shown as what it is: old.
    const health = isSilent ? { mark: 'none' as const, tone: 'dim' as const } : healths[service.health];
    const up =
      service.startedAt === null ? '' : `up ${ago(service.startedAt, context.now).replace('now', '<1m')}`;
    return line(
      [
        { text: ` ${theme.mark(health.mark)} `, tone: health.tone },
        { text: `${fill(plain(service.name), 14)}  ` },
        { text: `${fill(isSilent ? `was ${service.health}` : service.health, 13)}  `, tone: health.tone },
        { text: fill(up, 9) },
        ...(service.restarts > 0
          ? [
              {
                text: `${service.restarts} ${service.restarts === 1 ? 'restart' : 'restarts'}  `,
                tone: 'warn' as const,
              },
            ]
          : []),
        { text: plain(service.version ?? ''), tone: 'dim' },
      ],
      width,
      theme,
    );
  });
  if (told.length === 0)
    told.push(line([{ text: ' No service has been reported yet.', tone: 'dim' }], width, theme));
  const spare = height - 1 - told.length;
  const latest =
    spare >= 2 ? commands.slice(0, spare - 1).map((command) => commandLine(command, context, room)) : [];
  const between = latest.length === 0 ? [] : [line([], width, theme)];
  return exactly([heading, ...told, ...between, ...latest], height, width);
}

/** One command in one line, for panels; with its target where that is not what the panel is about. */
export function commandLine(
  command: CommandRow,
  context: RowContext,
  { width, theme }: Room,
  target: string | null = null,
): string {
  const state = commandState(command);
  const head: Part[] = [
    { text: ` ${theme.mark(state.mark)} `, tone: state.tone },
    { text: `${fill(plain(command.action), 18)} ` },
    { text: target === null ? '' : `${fill(target, 12)} ` },
    { text: `${fill(state.word, 10)} `, tone: state.tone },
    { text: `${fill(commandTime(command, context.now), 6, 'right')}  ` },
  ];
  const left = width - head.reduce((sum, { text }) => sum + widthOf(text), 0);
  const age: Part[] =
    left >= 26 ? [{ text: fill(ago(command.created_at, context.now), 6), tone: 'dim' }] : [];
  // A word or two of it would say nothing.
  const outcome: Part[] = left >= 10 ? [{ text: commandOutcome(command), tone: 'dim' }] : [];
  return line([...head, ...age, ...outcome], width, theme);
}
