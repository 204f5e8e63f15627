import type { AgentRow } from '@hq/shared/rows';
import { agoOf, plain } from '@hq/shared/text';
import { Box } from 'ink';
import type { ReactNode } from 'react';
import type { Route } from '../app/router.ts';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { useOpenFeed, useRowContext, useRows, useUi } from '../app/ui.ts';
import { agentState } from '../columns/agents.ts';
import { commandsTable } from '../columns/commands.ts';
import type { RowContext } from '../columns/row-context.ts';
import { openKeys } from '../keys/app-keys.ts';
import { gatewayHandlers, gatewayKeys } from '../keys/gateway-keys.ts';
import { Line, Notice, Rule } from '../widgets/line.tsx';
import { useList } from '../widgets/list.ts';
import { Table } from '../widgets/table.tsx';
import { useTheme } from '../widgets/theme.ts';

const keys = [...openKeys, ...gatewayKeys] as const;

export const agentScreen: Screen = {
  name: 'agent',
  isList: true,
  keys,
  crumb: ({ id }, { agents }) => plain(agents.get(id ?? '')?.slug ?? 'agent'),
  Component: Agent,
};

/** Facts, an empty line and the title of the list. */
const headLines = 5;

function Agent({ route }: { readonly route: Route }): ReactNode {
  const ui = useUi();
  const { width, height } = useBodySize();
  const context = useRowContext();
  const feed = useOpenFeed(() => ui.session.commandsOfAgent(route.id ?? ''));
  const list = useList(ui.list('agent'), commandsTable, useRows(feed), context, {
    sort: { column: 'asked', descending: true },
  });
  const agent = context.lookups.agents.get(route.id ?? '') ?? null;
  const gateway = context.lookups.gateways.get(agent?.gateway_id ?? '') ?? null;
  const open = (): void => {
    if (list.selected !== null) ui.router.open('command', list.selected.id);
  };
  return (
    <ScreenFrame
      keys={keys}
      on={{ open, ...gatewayHandlers(ui, gateway) }}
      list={list}
      copyText={agent?.slug ?? null}
      gateway={gateway}
      agent={agent}
    >
      {agent === null ? (
        <Notice sentences={['There is no such agent here.', 'esc goes back']} width={width} height={height} />
      ) : (
        <>
          <AgentFacts agent={agent} context={context} width={width} />
          <Box flexShrink={0} height={1} />
          <Rule title="Commands" width={width} />
          <Table
            list={list}
            width={width}
            height={Math.max(2, height - headLines)}
            whenEmpty={['Nothing was asked of this agent yet.']}
            onOpen={open}
          />
        </>
      )}
    </ScreenFrame>
  );
}

interface AgentFactsProps {
  readonly agent: AgentRow;
  readonly context: RowContext;
  readonly width: number;
}

function AgentFacts({ agent, context, width }: AgentFactsProps): ReactNode {
  const theme = useTheme();
  const { mark, word, tone } = agentState(agent);
  const gateway = context.lookups.gateways.get(agent.gateway_id ?? '');
  const model = [agent.model, agent.thinking === null ? null : `thinking ${agent.thinking}`]
    .flatMap((part) => (part === null ? [] : [plain(part)]))
    .join(', ');
  const seen = agent.last_seen_at === null ? 'never seen' : `seen ${agoOf(agent.last_seen_at, context.now)}`;
  return (
    <>
      <Line
        width={width}
        parts={[
          { text: ` ${theme.mark(mark)} ${word}`, tone },
          { text: agent.name === null ? '' : `  ${plain(agent.name)}`, tone: 'strong' },
          { text: gateway === undefined ? '  on no gateway' : `  on ${plain(gateway.slug)}` },
        ]}
      />
      <Line width={width} parts={[{ text: `   ${plain(agent.description ?? 'No description.')}` }]} />
      <Line
        width={width}
        parts={[
          { text: `   ${model === '' ? 'the gateway’s default model' : model} · ${seen}`, tone: 'dim' },
        ]}
      />
    </>
  );
}
