import type { AgentHealthRow, AgentRow } from '@hq/shared/rows';
import { agoOf, plain } from '@hq/shared/text';
import { Box } from 'ink';
import type { ReactNode } from 'react';
import { listScreen } from '../app/list-screen.tsx';
import type { Route } from '../app/router.ts';
import { useOpenFeed, useRows, useUi } from '../app/ui.ts';
import { agentState, healthAge } from '../columns/agent-health.ts';
import { commandsTable } from '../columns/commands.ts';
import type { Lookups } from '../columns/lookups.ts';
import type { RowContext } from '../columns/row-context.ts';
import { agentHandlers, agentKeys } from '../keys/agent-keys.ts';
import { gatewayHandlers, otherGatewayKeys } from '../keys/gateway-keys.ts';
import { ActivityPanel } from '../panels/activity-panel.tsx';
import { TurnPanel } from '../panels/turn-panel.tsx';
import { Line, Notice, Remark, Rule } from '../widgets/line.tsx';
import { useTheme } from '../widgets/theme.ts';

/** Facts, the reason, an empty line and the title of the list. */
const headLines = 6;
/** The most lines of the panel of the last turn, and the lines that the list keeps. */
const turnLines = 14;
const leastOfList = 7;

const agentOf = ({ id }: Route, { agents }: Lookups): AgentRow | null => agents.get(id ?? '') ?? null;

export const agentScreen = listScreen({
  name: 'agent',
  crumb: (route, lookups) => plain(agentOf(route, lookups)?.slug ?? 'agent'),
  keys: [...agentKeys, ...otherGatewayKeys],
  on: ({ ui, route, context }, gateway) => ({
    ...agentHandlers(ui, agentOf(route, context.lookups)),
    ...gatewayHandlers(ui, gateway),
  }),
  table: commandsTable,
  sort: { column: 'ASKED', descending: true },
  useFeed: ({ session }, { id }) => useOpenFeed(() => session.commandsOfAgent(id ?? '')),
  open: ({ id }, { router }) => router.open('command', id),
  copyText: ({ route, context }) => agentOf(route, context.lookups)?.slug,
  gateway: ({ route, context: { lookups } }) =>
    lookups.gateways.get(agentOf(route, lookups)?.gateway_id ?? ''),
  agent: ({ route, context }) => agentOf(route, context.lookups),
  whenEmpty: ['Nothing was asked of this agent yet.'],
  Body({ route, context, size: { width, height }, table }) {
    const agent = agentOf(route, context.lookups);
    const { session } = useUi();
    const health = context.lookups.healthOf.get(route.id ?? '');
    const lastTurn = useRows(session.commands).find(
      ({ agent_id, action }) => action === 'wake_agent' && agent_id === route.id,
    );
    const [activity] = useRows(useOpenFeed(() => session.activityOfAgent(route.id ?? '')));
    const isAtWork = activity !== undefined && activity.item_id !== null;
    const help = helpText(health);
    const head = headLines + (help === '' ? 0 : 1);
    const hasTurn = isAtWork || lastTurn !== undefined;
    const turnHeight = hasTurn ? Math.max(0, Math.min(turnLines, height - head - leastOfList)) : 0;
    if (agent === null)
      return <Notice sentences={['There is no such agent here.', 'esc goes back']} height={height} />;
    return (
      <>
        <AgentFacts agent={agent} help={help} context={context} />
        <Box flexShrink={0} height={1} />
        {turnHeight === 0 ? null : isAtWork ? (
          <ActivityPanel
            activity={activity}
            about={health?.state === 'working' ? health.reason : 'an item of its inbox'}
            now={context.now}
            height={turnHeight}
          />
        ) : lastTurn === undefined ? null : (
          <TurnPanel key={lastTurn.id} command={lastTurn} now={context.now} height={turnHeight} />
        )}
        <Rule title="Commands" />
        {table({ width, height: Math.max(2, height - head - turnHeight) })}
      </>
    );
  },
});

interface AgentFactsProps {
  readonly agent: AgentRow;
  /** Line about what helps; empty where nothing has to. */
  readonly help: string;
  readonly context: RowContext;
}

/** Returns the one action that helps, with its key, and a sentence about it. */
function helpText(health: AgentHealthRow | undefined): string {
  if (health === undefined) return '';
  const { action, help } = health;
  const byKey = action === null ? '' : `x ${plain(action.title).toLowerCase()}`;
  return [byKey, plain(help ?? '')].filter(Boolean).join(': ');
}

function AgentFacts({ agent, help, context }: AgentFactsProps): ReactNode {
  const theme = useTheme();
  const { mark, word, tone } = agentState(agent, context);
  const reason = context.lookups.healthOf.get(agent.id)?.reason ?? '';
  const age = healthAge(agent, context);
  const gateway = context.lookups.gateways.get(agent.gateway_id ?? '');
  const model = [agent.model, agent.thinking === null ? null : `thinking ${agent.thinking}`]
    .flatMap((part) => (part === null ? [] : [plain(part)]))
    .join(', ');
  const seen = agent.last_seen_at === null ? 'never seen' : `seen ${agoOf(agent.last_seen_at, context.now)}`;
  return (
    <>
      <Line
        parts={[
          { text: ` ${theme.mark(mark)} ${word}`, tone },
          { text: agent.name === null ? '' : `  ${plain(agent.name)}`, tone: 'strong' },
          { text: gateway === undefined ? '  on no gateway' : `  on ${plain(gateway.slug)}` },
        ]}
      />
      <Line
        parts={[
          { text: `   ${plain(reason)}`, tone: tone === 'bad' ? 'bad' : 'plain' },
          { text: age === null ? '' : age === 'now' ? '  just now' : `  for ${age}`, tone: 'dim' },
        ]}
      />
      {help === '' ? null : <Line parts={[{ text: `   ${help}`, tone: 'strong' }]} />}
      <Line parts={[{ text: `   ${plain(agent.description ?? 'No description.')}` }]} />
      <Remark text={`   ${model === '' ? 'the gateway’s default model' : model} · ${seen}`} />
    </>
  );
}
