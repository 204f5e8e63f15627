import type { ServiceHealth } from '@hq/shared/actions';
import type { CommandRow, GatewayRow } from '@hq/shared/rows';
import { ageOf, plain } from '@hq/shared/text';
import { Box } from 'ink';
import type { ReactNode } from 'react';
import { gatewayState } from '../columns/gateways.ts';
import type { RowContext } from '../columns/row-context.ts';
import { fill } from '../table/cell.ts';
import type { Mark, Tone } from '../theme/theme.ts';
import { Line, Remark, Rule } from '../widgets/line.tsx';
import { Panel, type Place } from '../widgets/panel.tsx';
import { useTheme } from '../widgets/theme.ts';
import { CommandLine } from './command-line.tsx';

type Service = NonNullable<GatewayRow['meta']['services']>[number];

const healths: Readonly<Record<ServiceHealth, { readonly mark: Mark; readonly tone: Tone }>> = {
  healthy: { mark: 'good', tone: 'good' },
  running: { mark: 'good', tone: 'good' },
  starting: { mark: 'busy', tone: 'busy' },
  unhealthy: { mark: 'warn', tone: 'warn' },
  stopped: { mark: 'off', tone: 'off' },
  missing: { mark: 'bad', tone: 'bad' },
};
const unknown = { mark: 'none', tone: 'dim' } as const;

interface GatewayPanelProps extends Place {
  readonly gateway: GatewayRow;
  /** The newest first. */
  readonly commands: readonly CommandRow[];
  readonly context: RowContext;
}

/** The services of one gateway, and its latest commands. */
export function GatewayPanel({ gateway, commands, context, width, height }: GatewayPanelProps): ReactNode {
  const services = gateway.meta.services ?? [];
  const { word } = gatewayState(gateway, context);
  const isSilent = word === 'stale' || word === 'never seen';
  const spare = height - 1 - Math.max(1, services.length);
  const latest = spare >= 2 ? commands.slice(0, spare - 1) : [];
  return (
    <Panel width={width} height={height}>
      <Rule title={plain(gateway.slug)} note={plain(gateway.meta.version ?? gateway.meta.runner ?? '')} />
      {services.length === 0 ? <Remark text=" No service has been reported yet." /> : null}
      {services.map((service) => (
        <ServiceLine key={service.name} service={service} isSilent={isSilent} now={context.now} />
      ))}
      {latest.length === 0 ? null : <Box flexShrink={0} height={1} />}
      {latest.map((command) => (
        <CommandLine key={command.id} command={command} now={context.now} />
      ))}
    </Panel>
  );
}

interface ServiceLineProps {
  readonly service: Service;
  /** The last report of a silent gateway is shown as an old one. */
  readonly isSilent: boolean;
  readonly now: number;
}

function ServiceLine({ service, isSilent, now }: ServiceLineProps): ReactNode {
  const theme = useTheme();
  const { name, health, startedAt, restarts, version } = service;
  const { mark, tone } = isSilent ? unknown : healths[health];
  const up = startedAt === null ? '' : `up ${ageOf(startedAt, now).replace('now', '<1m')}`;
  return (
    <Line
      parts={[
        { text: ` ${theme.mark(mark)} `, tone },
        { text: `${fill(plain(name), 14)}  ` },
        { text: `${fill(isSilent ? `was ${health}` : health, 13)}  `, tone },
        { text: fill(up, 9) },
        {
          text: restarts > 0 ? `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}  ` : '',
          tone: 'warn',
        },
        { text: plain(version ?? ''), tone: 'dim' },
      ]}
    />
  );
}
