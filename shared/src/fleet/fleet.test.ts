import { describe, expect, it } from 'vitest';
import type { AgentHealthRow, AgentRow, CommandRow, GatewayRow, NotificationRow } from '../rows/index.ts';
import { type Fleet, isRunnerLost, needsAttention } from './attention.ts';
import { type GatewayCondition, gatewayCondition, staleAfterMs } from './condition.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const ago = (milliseconds: number): string => new Date(now - milliseconds).toISOString();

function gateway(more: Partial<GatewayRow> = {}): GatewayRow {
  return {
    id: 'g1',
    slug: 'default',
    label: null,
    status: 'ready',
    last_seen_at: ago(1_000),
    meta: {},
    created_at: ago(1e9),
    updated_at: ago(1_000),
    ...more,
  };
}

const service = (health: 'healthy' | 'starting' | 'unhealthy' | 'missing') => ({
  name: 'gateway',
  health,
  startedAt: null,
  version: null,
  restarts: 0,
});

function command(more: Partial<CommandRow> = {}): CommandRow {
  return {
    id: 'c1',
    created_at: ago(60_000),
    updated_at: ago(1_000),
    gateway_id: 'g1',
    agent_id: null,
    agent_slug: null,
    action: 'restart_gateway',
    payload: {},
    status: 'failed',
    leased_until: null,
    started_at: ago(50_000),
    completed_at: ago(1_000),
    exit_code: 1,
    error_message: 'never became healthy',
    requested_by: null,
    origin: 'cli',
    runner_id: null,
    attempt: 1,
    progress: null,
    result: null,
    cancel_requested_at: null,
    ...more,
  };
}

function alert(more: Partial<NotificationRow> = {}): NotificationRow {
  return {
    id: 'n1',
    created_at: ago(1_000),
    type: 'command_failed',
    title: 'Restart the gateway failed on default',
    body: null,
    entity_type: 'agent_command',
    entity_id: 'c1',
    read_at: null,
    dismissed_at: null,
    resolved_at: null,
    ...more,
  };
}

function agent(more: Partial<AgentRow> = {}): AgentRow {
  return {
    id: 'a1',
    gateway_id: 'g1',
    slug: 'ada',
    name: 'Ada',
    description: null,
    status: 'ready',
    last_seen_at: null,
    model: null,
    thinking: null,
    created_at: ago(1e9),
    updated_at: ago(1_000),
    ...more,
  };
}

describe('the condition of a gateway', () => {
  it.each([
    ['seen lately and ready', {}, 'healthy'],
    ['seen exactly 90 s ago', { last_seen_at: ago(staleAfterMs) }, 'healthy'],
    ['seen a moment more than 90 s ago', { last_seen_at: ago(staleAfterMs + 1) }, 'stale'],
    ['paused and not seen', { status: 'paused', last_seen_at: ago(200_000) }, 'stale'],
    ['paused', { status: 'paused' }, 'paused'],
    ['hibernating and not seen', { status: 'hibernating', last_seen_at: ago(1e8) }, 'hibernating'],
    ['never seen and ready', { last_seen_at: null }, 'unseen'],
    ['never seen and provisioning', { status: 'provisioning', last_seen_at: null }, 'provisioning'],
    ['seen in what seems the future', { last_seen_at: ago(-600_000) }, 'healthy'],
    ['in error', { status: 'error' }, 'error'],
    ['with an unhealthy service', { meta: { services: [service('unhealthy')] } }, 'unhealthy'],
    ['with a missing service', { meta: { services: [service('missing')] } }, 'unhealthy'],
    ['with a starting service', { meta: { services: [service('starting')] } }, 'starting'],
    [
      'with healthy services but not seen',
      { meta: { services: [service('healthy')] }, last_seen_at: ago(1e6) },
      'stale',
    ],
  ] satisfies [string, Partial<GatewayRow>, GatewayCondition][])('of one %s', (_case, more, condition) => {
    expect(gatewayCondition(gateway(more), now)).toBe(condition);
  });
});

describe('the attention list', () => {
  const calm: Fleet = {
    gateways: [gateway()],
    agents: [agent()],
    health: [],
    commands: [],
    notifications: [],
  };

  it('is empty for a healthy fleet', () => {
    expect(needsAttention(calm, now)).toEqual([]);
  });

  it('has each problem once, the worst first', () => {
    const list = needsAttention(
      {
        ...calm,
        gateways: [
          gateway({ meta: { services: [service('unhealthy')] } }),
          gateway({ id: 'g2', slug: 'far', last_seen_at: ago(300_000) }),
        ],
        agents: [agent({ status: 'error' })],
        commands: [
          command(),
          command({ id: 'c2', status: 'running', completed_at: null, leased_until: ago(120_000) }),
        ],
        notifications: [alert(), alert({ id: 'n2', entity_type: null, entity_id: null, title: 'Budget' })],
      },
      now,
    );
    expect(list.map(({ kind, name, reason }) => [kind, name, reason])).toEqual([
      ['stale-gateway', 'far', 'last seen 5m ago'],
      ['unhealthy-service', 'default', 'gateway is unhealthy'],
      ['runner-lost', 'Restart the gateway (default)', 'its runner was lost 2m ago'],
      ['failed-command', 'Restart the gateway (default)', 'never became healthy'],
      ['agent-error', 'ada', 'the agent is in error'],
      ['unread-alert', 'Budget', 'not read yet'],
    ]);
  });

  it('has the problem that a runner reports of itself, such as a full disk', () => {
    const meta = { services: [service('healthy')], problem: 'The log cannot be written.' };
    expect(needsAttention({ ...calm, gateways: [gateway({ meta })] }, now)).toMatchObject([
      { kind: 'unhealthy-service', name: 'default', reason: 'The log cannot be written.' },
    ]);
  });

  it('repeats no problem as its alert, and leaves out resolved alerts', () => {
    const notifications = [
      alert({ id: 'n1', type: 'agent_error', entity_type: 'agent', entity_id: 'a1' }),
      alert({ id: 'n2', type: 'budget_exceeded', entity_type: 'agent', entity_id: 'a1', title: 'Budget' }),
      alert({ id: 'n3', type: 'task_blocked', entity_type: 'task', entity_id: 't1', resolved_at: ago(10) }),
      alert({ id: 'n4', type: 'gateway_stale', entity_type: 'gateway', entity_id: 'gone', title: 'Gone' }),
    ];
    const list = needsAttention({ ...calm, agents: [agent({ status: 'error' })], notifications }, now);
    expect(list.map(({ name }) => name)).toEqual(['ada', 'Budget', 'Gone']);
  });

  it('names agents that do not answer, with the reason, and repeats no alert about one', () => {
    const health = (state: string, more: Partial<AgentHealthRow> = {}): AgentHealthRow => ({
      ...{ agent_id: 'a1', agent: 'ada', state, reason: 'because', since: ago(60_000), until: null },
      ...{ help: null, action: null, queued: 0, needs: 0, ...more },
    });
    const listOf = (row: AgentHealthRow, more: object = {}) =>
      needsAttention({ ...calm, agents: [agent()], health: [row], ...more }, now);
    expect(listOf(health('mute'))).toEqual([
      {
        kind: 'agent-trouble',
        about: 'agent',
        id: 'a1',
        name: 'ada',
        reason: 'mute: because',
        at: ago(60_000),
      },
    ]);
    const mute = alert({ type: 'agent_mute', entity_type: 'agent', entity_id: 'a1', title: 'ada is mute' });
    expect(listOf(health('mute'), { notifications: [mute] })).toHaveLength(1);
    expect(listOf(health('full'), { notifications: [mute] })).toHaveLength(2);
    for (const state of ['working', 'idle', 'paused', 'waiting', 'held', 'offline']) {
      expect(listOf(health(state)), state).toEqual([]);
    }
    expect(listOf(health('error'), { agents: [agent({ status: 'error' })] })).toMatchObject([
      { kind: 'agent-error', reason: 'because' },
    ]);
  });

  it('drops a failure that was made good since', () => {
    const failed = command({ action: 'provision', agent_slug: 'ada', error_message: 'no template' });
    const listOf = (more: object) => needsAttention({ ...calm, commands: [failed], ...more }, now);
    expect(listOf({ agents: [agent({ status: 'error' })] })).toHaveLength(2);
    expect(listOf({ agents: [agent()] })).toEqual([]);
    const later = (more: Partial<CommandRow>) =>
      command({ id: 'c2', status: 'done', completed_at: ago(10), ...more });
    expect(needsAttention({ ...calm, commands: [command(), later({})] }, now)).toEqual([]);
    expect(needsAttention({ ...calm, commands: [command(), later({ gateway_id: 'g2' })] }, now)).toHaveLength(
      1,
    );
  });

  it('drops a failed command when its alert is read, or after an hour', () => {
    const fleet = { ...calm, commands: [command()], notifications: [alert({ read_at: ago(10) })] };
    expect(needsAttention(fleet, now)).toEqual([]);
    expect(needsAttention({ ...calm, commands: [command({ completed_at: ago(3_600_001) })] }, now)).toEqual(
      [],
    );
  });

  it('takes a runner as lost when the lease of its command is over', () => {
    expect(isRunnerLost(command({ status: 'running', leased_until: ago(1) }), now)).toBe(true);
    expect(isRunnerLost(command({ status: 'running', leased_until: ago(-1) }), now)).toBe(false);
    expect(isRunnerLost(command({ status: 'done', leased_until: ago(1) }), now)).toBe(false);
    expect(isRunnerLost(command({ status: 'pending', leased_until: null }), now)).toBe(false);
  });
});
