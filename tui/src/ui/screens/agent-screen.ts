import type { AgentRow, CommandRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { agentState } from '../../columns/agents.ts';
import type { RowContext } from '../../columns/row-context.ts';
import { since } from '../ages.ts';
import type { List } from '../list.ts';
import { listBody } from '../list-body.ts';
import { blank, calm, exactly, line, type Part, titleRule } from '../panel.ts';
import type { Body, Room } from '../view.ts';

export interface AgentScene {
  readonly agent: AgentRow | null;
  readonly commands: List<CommandRow, RowContext>;
}

export function agentBody({ agent, commands }: AgentScene, context: RowContext, room: Room): Body {
  const { width, height, theme } = room;
  if (agent === null)
    return {
      lines: calm(['There is no such agent here.', 'esc goes back'], width, height, theme),
      rows: null,
    };
  const state = agentState(agent);
  const gateway = agent.gateway_id === null ? null : context.lookups.gateways.get(agent.gateway_id);
  const model = [agent.model, agent.thinking === null ? null : `thinking ${agent.thinking}`]
    .flatMap((part) => (part === null ? [] : [plain(part)]))
    .join(', ');
  const facts: Part[][] = [
    [
      { text: ` ${theme.mark(state.mark)} ${state.word}`, tone: state.tone },
      { text: agent.name === null ? '' : `  ${plain(agent.name)}`, tone: 'strong' },
      { text: gateway === undefined || gateway === null ? '  on no gateway' : `  on ${plain(gateway.slug)}` },
    ],
    [{ text: `   ${plain(agent.description ?? 'No description.')}` }],
    [
      {
        text: `   ${[model === '' ? 'the gateway’s default model' : model, agent.last_seen_at === null ? 'never seen' : `seen ${since(agent.last_seen_at, context.now)}`].join(' · ')}`,
        tone: 'dim',
      },
    ],
  ];
  const head = [
    ...facts.map((parts) => line(parts, width, theme)),
    blank(width),
    titleRule('Commands', '', width, theme),
  ];
  const list = listBody(commands, context, { ...room, height: Math.max(2, height - head.length) }, [
    'Nothing was asked of this agent yet.',
  ]);
  return {
    lines: exactly([...head, ...list.lines], height, width),
    rows: list.rows === null ? null : { ...list.rows, line: list.rows.line + head.length },
  };
}
