import { HqError } from '@hq/shared/errors';
import type {
  AgentActivityRow,
  AgentHealthRow,
  AgentRow,
  AuditRow,
  ChatBotRow,
  ChatChannelRow,
  ChatLinkRow,
  CommandOutputRow,
  CommandRow,
  GatewayRow,
  NeedRow,
  NotificationRow,
  PairingRow,
  SecretRow,
} from '@hq/shared/rows';
import type { ConnectionStatus, Connector, OpenFeed, Session } from '../src/session/session.ts';

/** The moment at which the sample stands still. */
const sampleNow = Date.parse('2026-11-22T12:00:00.000Z');

const me = '6f1f4a52-0000-4000-8000-00000000000a';

/** So many seconds before the moment. */
function before(seconds: number): string {
  return new Date(sampleNow - seconds * 1000).toISOString();
}

function id(kind: string, number: number): string {
  return `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`.slice(-36);
}

function gateway(
  number: number,
  slug: string,
  seen: number | null,
  more: Partial<GatewayRow> = {},
): GatewayRow {
  return {
    id: id('a', number),
    slug,
    label: null,
    status: 'ready',
    last_seen_at: seen === null ? null : before(seen),
    meta: {},
    created_at: before(864_000),
    updated_at: before(10),
    ...more,
  };
}

const sampleGateways: readonly GatewayRow[] = [
  gateway(1, 'berlin', 420, {
    label: 'Backup site',
    meta: {
      services: [
        { name: 'gateway', health: 'healthy', startedAt: before(90_000), version: null, restarts: 0 },
      ],
    },
  }),
  gateway(2, 'primary', 4, {
    label: 'Main office',
    meta: {
      version: 'openclaw 2026.9.6',
      secrets: { keys: ['0123456789abcdef'], state: 'ok', problem: null, synced_at: before(45) },
      services: [
        {
          name: 'gateway',
          health: 'healthy',
          startedAt: before(11_000),
          version: 'openclaw 2026.9.6',
          restarts: 0,
        },
        {
          name: 'dispatcher',
          health: 'unhealthy',
          startedAt: before(130),
          version: 'dispatcher 0.1.0',
          restarts: 3,
        },
      ],
    },
  }),
  gateway(3, 'staging', 20, {
    label: '東京の実験室',
    status: 'paused',
    meta: {
      secrets: {
        keys: ['0123456789abcdef'],
        state: 'stale',
        problem: 'The database does not answer.',
        synced_at: before(900),
      },
      services: [
        { name: 'gateway', health: 'healthy', startedAt: before(5_000), version: null, restarts: 0 },
      ],
    },
  }),
];

function agent(number: number, slug: string, name: string, more: Partial<AgentRow> = {}): AgentRow {
  return {
    id: id('b', number),
    gateway_id: id('a', 2),
    slug,
    name,
    description: null,
    status: 'ready',
    last_seen_at: before(30),
    model: 'anthropic/claude-sonnet-5',
    thinking: null,
    created_at: before(864_000),
    updated_at: before(60),
    ...more,
  };
}

const sampleAgents: readonly AgentRow[] = [
  agent(1, 'ada', 'Ada', { description: 'Answers the support inbox.', thinking: 'low' }),
  agent(2, 'bob', 'Bob', { status: 'paused', last_seen_at: before(7_200) }),
  agent(3, 'chen', '陈 研究员', { gateway_id: id('a', 3), model: null }),
  // A name that tries to move the cursor, to reverse the line and to hide.
  agent(4, 'mallory', '\u001b[2J\u001b[31mEvil\u202egnp.exe\u200b ⚠️', {
    status: 'error',
    gateway_id: null,
    last_seen_at: null,
  }),
];

function health(
  number: number,
  agent: string,
  state: string,
  reason: string,
  more: Partial<AgentHealthRow> = {},
): AgentHealthRow {
  return {
    agent_id: id('b', number),
    agent,
    state,
    reason,
    since: before(300),
    until: null,
    help: null,
    action: null,
    queued: 0,
    needs: 0,
    ...more,
  };
}

const helping = (action: string, title: string, agent: string | null) => ({
  ...{ action, title, agent, gateway: 'primary', payload: {}, allowed: true },
});

const sampleHealth: readonly AgentHealthRow[] = [
  health(1, 'ada', 'working', 'Answer the question about invoice 4711', { since: before(95), queued: 2 }),
  health(2, 'bob', 'paused', 'paused by eve@example.org', {
    since: before(7_200),
    action: helping('resume_agent', 'Resume an agent', 'bob'),
  }),
  health(3, 'chen', 'mute', 'telegram: Telegram bot token unauthorized (getMe returned 401 from Telegram).', {
    since: before(1_500),
    help: 'Store the right token of its telegram: hq-tui secrets set TELEGRAM_BOT_TOKEN --agent chen',
    action: helping('restart_gateway', 'Restart the gateway', null),
  }),
  health(4, 'mallory', 'error', 'There is no \u001b[31mtemplate x.', {
    since: before(60),
    help: 'The gateway tries again every five minutes. Remove the cause, then update the agent.',
    action: helping('update', 'Update an agent', 'mallory'),
  }),
];

const sampleActivity: readonly AgentActivityRow[] = [
  {
    agent_id: id('b', 1),
    item_id: id('d', 1),
    run_id: 'hq:1',
    tool: 'hq_comment',
    text: 'The invoice was paid twice. I ask the accountant which of the two is to be sent back.',
    tokens: 18_240,
    cost_usd: 0.0731,
    model: 'anthropic/claude-sonnet-5',
    since: before(95),
    updated_at: before(1),
  },
];

function command(number: number, action: string, asked: number, more: Partial<CommandRow> = {}): CommandRow {
  return {
    id: id('c', number),
    created_at: before(asked),
    updated_at: before(asked),
    gateway_id: id('a', 2),
    agent_id: null,
    agent_slug: null,
    action,
    payload: {},
    status: 'done',
    leased_until: null,
    started_at: before(asked - 1),
    completed_at: before(asked - 4.2),
    exit_code: 0,
    error_message: null,
    requested_by: me,
    origin: 'tui',
    runner_id: 'runner-1',
    attempt: 1,
    progress: null,
    result: null,
    cancel_requested_at: null,
    ...more,
  };
}

export const sampleCommands: readonly CommandRow[] = [
  command(1, 'restart_gateway', 12, {
    status: 'running',
    completed_at: null,
    exit_code: null,
    leased_until: before(-50),
    progress: { percent: 40, note: 'waiting until it is healthy' },
  }),
  command(2, 'tail_logs', 240, {
    status: 'failed',
    exit_code: 1,
    error_message: 'There is no service “gatway” in this stack.',
    payload: { service: 'gatway', lines: 100 },
    origin: 'slack',
    requested_by: '9c9c9c9c-0000-4000-8000-000000000001',
  }),
  command(3, 'stack_status', 1_000, { result: { services: [] } }),
  command(4, 'pause_gateway', 4_000, { gateway_id: id('a', 3), result: { status: 'paused' }, origin: 'cli' }),
  command(5, 'ping', 100_000, {
    status: 'cancelled',
    started_at: null,
    completed_at: before(99_990),
    gateway_id: id('a', 1),
  }),
];

const sampleOutput: readonly CommandOutputRow[] = [
  'Asking the gateway to stop\nIt has stopped after 0.8 s\n',
  'Starting openclaw 2026.9.6\n\u001b[32mlistening\u001b[0m on 127.0.0.1:18789\nWaiting until it is heal',
  'thy\n',
].map((text, seq) => ({
  command_id: id('c', 1),
  attempt: 1,
  seq,
  stream: 'stdout' as const,
  text,
  created_at: before(10 - seq),
}));

const sampleAlerts: readonly NotificationRow[] = [
  {
    id: id('d', 1),
    created_at: before(236),
    type: 'command_failed',
    title: 'tail_logs failed on primary',
    body: 'There is no service “gatway” in this stack.',
    entity_type: 'agent_command',
    entity_id: id('c', 2),
    read_at: null,
    dismissed_at: null,
    resolved_at: null,
  },
  {
    id: id('d', 2),
    created_at: before(90_000),
    type: 'budget_warned',
    title: 'ada has used 80% of its budget',
    body: null,
    entity_type: 'agent',
    entity_id: id('b', 1),
    read_at: before(80_000),
    dismissed_at: null,
    resolved_at: null,
  },
];

const samplePairings: readonly PairingRow[] = [
  { number: 1, sender_name: 'Sam', channel: 'telegram', code: '5N6NW8JZ', asked: 200 },
  { number: 2, sender_name: '\u001b[2Jpat\u202e', channel: 'discord', code: 'QWERTY12', asked: 900 },
].map(({ number, asked, ...more }) => ({
  id: id('7', number),
  gateway_id: id('a', 2),
  agent_id: id('b', number),
  account: 'ada',
  sender: `555000${number}`,
  status: 'pending' as const,
  created_at: before(asked),
  updated_at: before(asked),
  expires_at: before(asked - 3_600),
  ...more,
}));

function need(number: number, kind: string, title: string, more: Partial<NeedRow> = {}): NeedRow {
  return {
    id: id('8', number),
    kind,
    agent: 'ada',
    title,
    detail: null,
    since: before(number * 700),
    expires_at: null,
    choices: [],
    free_text: false,
    actions: [],
    ...more,
  };
}

function offered(action: string, title: string, payload: Readonly<Record<string, unknown>>) {
  return { action, title, payload, agent: null, gateway: null, allowed: true };
}

const sampleNeeds: readonly NeedRow[] = [
  need(3, 'question', 'Shall I send the newsletter to all 1200 readers today?\u001b[2J', {
    choices: ['Yes, today', 'Tomorrow', 'Not at all'],
    free_text: true,
    expires_at: before(-200_000),
    actions: [offered('answer_question', 'Answer a question', { question: id('8', 3) })],
  }),
  need(2, 'deliverable', 'Report of the third quarter', {
    detail: 'https://example.org/report',
    actions: [
      offered('approve_deliverable', 'Approve a deliverable', { deliverable: id('8', 2) }),
      offered('request_revision', 'Request a revision', { deliverable: id('8', 2) }),
      offered('reject_deliverable', 'Reject a deliverable', { deliverable: id('8', 2) }),
    ],
  }),
  need(1, 'allow_host', 'May bob reach pypi.org? Whatever it can read, it can send there.', {
    agent: 'bob',
    choices: ['allow', 'deny'],
    actions: [
      offered('allow_host', 'Allow a host', { question: id('8', 1) }),
      offered('answer_question', 'Answer a question', { question: id('8', 1) }),
    ],
  }),
];

const sampleAudit: readonly AuditRow[] = [
  ['command.enqueued', 'restart_gateway on primary from tui', me, 12],
  [
    'command.refused',
    'pause_gateway on staging: viewers may only read',
    '9c9c9c9c-0000-4000-8000-000000000001',
    4_100,
  ],
  ['command.enqueued', 'ping on berlin from tui', me, 100_000],
].map(([action, summary, who, seconds], at) => ({
  id: id('e', at),
  created_at: before(Number(seconds)),
  actor_type: 'human',
  actor_user_id: String(who),
  actor_agent_id: null,
  module: 'commands',
  entity_type: 'agent_command',
  entity_id: id('c', at + 1),
  action: String(action),
  summary: String(summary),
}));

function secret(number: number, key: string, more: Partial<SecretRow> = {}): SecretRow {
  return {
    id: id('f', number),
    gateway_id: id('a', 2),
    agent_id: null,
    key,
    name: null,
    category: 'user',
    note: null,
    sync_status: 'active',
    sync_error: null,
    last_synced_at: before(130),
    revision: 1,
    value_since: before(864_000),
    updated_by: me,
    created_at: before(864_000),
    updated_at: before(130),
    ...more,
  };
}

const sampleSecrets: readonly SecretRow[] = [
  secret(1, 'ANTHROPIC_API_KEY', { category: 'integration', note: 'Billed to research.', revision: 3 }),
  secret(2, 'GITHUB_TOKEN', { name: 'Deploy token', value_since: before(200_000), revision: 12 }),
  secret(3, 'GITHUB_TOKEN', { agent_id: id('b', 1), sync_status: 'pending', last_synced_at: null }),
  secret(4, 'SLACK_BOT_TOKEN', {
    agent_id: id('b', 2),
    category: 'channel',
    sync_status: 'error',
    sync_error: 'The stored value was encrypted with another key, or was changed.',
    updated_by: '9c9c9c9c-0000-4000-8000-000000000001',
  }),
  secret(5, 'TLS_KEY', {
    gateway_id: id('a', 3),
    agent_id: id('b', 3),
    sync_status: 'waiting',
    last_synced_at: null,
    note: '\u001b[2Jspare \u202egnp.exe',
  }),
];

const sampleLinks: readonly ChatLinkRow[] = [
  ['slack', 'T0123ABC', 'U0456DEF', me, 40_000, 130],
  ['telegram', '7654321', '123456789', '9c9c9c9c-0000-4000-8000-000000000001', 900_000, null],
].map(([platform, install, account, member, linked, seen], at) => ({
  id: id('9', at),
  platform: platform === 'slack' ? ('slack' as const) : ('telegram' as const),
  install: String(install),
  chat_user: String(account),
  user_id: String(member),
  created_at: before(Number(linked)),
  last_seen_at: seen === null ? null : before(Number(seen)),
  revoked_at: null,
}));

const sampleChannels: readonly ChatChannelRow[] = [
  {
    id: id('8', 1),
    platform: 'slack',
    install: 'T0123ABC',
    channel: 'C0789GHI',
    ceiling: 'operator',
    gateway_id: id('a', 2),
    agent_id: id('b', 1),
    bound_by: me,
    created_at: before(80_000),
  },
];

const sampleBots: readonly ChatBotRow[] = [
  ['discord', 'revoked', 'Discord does not accept the token any more.', 5],
  ['slack', 'connected', null, 5],
  ['telegram', 'connected', null, 400],
].map(([platform, state, detail, beat]) => ({
  platform: platform === 'discord' || platform === 'slack' ? platform : ('telegram' as const),
  fingerprint: '0123456789abcdef',
  install: null,
  holder: 'host:1',
  state: String(state),
  state_since: before(9_000),
  detail: detail === null ? null : String(detail),
  last_inbound_at: before(300),
  last_outbound_at: null,
  last_beat_at: before(Number(beat)),
}));

function fixedFeed<Row>(rows: readonly Row[], status: ConnectionStatus): OpenFeed<Row> {
  const error =
    status === 'offline'
      ? new HqError('unreachable', 'hq.example.org does not answer.', { hint: 'It is tried again.' })
      : null;
  const snapshot = { rows, status, asOf: Date.now(), hasOlder: false, error };
  return {
    subscribe: () => () => undefined,
    getSnapshot: () => snapshot,
    readOlder: () => undefined,
    close: () => undefined,
  };
}

/** An HQ whose rows do not change, to look at screens. Requests to it are refused. */
export function sampleConnector(status: ConnectionStatus, isEmpty: boolean): Connector {
  const feed = <Row>(rows: readonly Row[]): OpenFeed<Row> => fixedFeed(isEmpty ? [] : rows, status);
  const refuse = async (): Promise<never> => {
    throw new HqError('refused', 'A sample does nothing.');
  };
  const session: Session = {
    member: {
      user_id: me,
      email: 'ada@example.org',
      tenant_id: '00000000-0000-0000-0000-000000000000',
      tenant_name: 'Default',
      role: 'admin',
      now: new Date(sampleNow).toISOString(),
    },
    now: () => sampleNow,
    gateways: feed(sampleGateways),
    agents: feed(sampleAgents),
    health: feed(sampleHealth),
    commands: feed(sampleCommands),
    notifications: feed(sampleAlerts),
    needs: feed(sampleNeeds),
    workspace: feed([]),
    audit: feed(sampleAudit),
    pairings: feed(samplePairings),
    secrets: feed(sampleSecrets),
    chatLinks: feed(sampleLinks),
    chatChannels: feed(sampleChannels),
    chatBots: feed(sampleBots),
    commandOutput: (id) =>
      fixedFeed(
        sampleOutput.filter(({ command_id }) => command_id === id),
        status,
      ),
    command: (id) =>
      fixedFeed(
        sampleCommands.filter((row) => row.id === id),
        status,
      ),
    activityOfAgent: (id) =>
      fixedFeed(
        sampleActivity.filter(({ agent_id }) => agent_id === id),
        status,
      ),
    commandsOfAgent: (id) =>
      fixedFeed(
        sampleCommands.filter(({ agent_id }) => agent_id === id),
        status,
      ),
    enqueue: refuse,
    cancel: refuse,
    acknowledge: refuse,
    dismiss: refuse,
    question: async () => null,
    checkSecretsKey: async () => undefined,
    writeSecret: refuse,
    noteSecret: refuse,
    deleteSecret: refuse,
    issueChatCode: async () => ({
      code: 'hq_abcdefghijklmnopqrstuvwx',
      expires_at: new Date(sampleNow + 600_000).toISOString(),
    }),
    revokeChatLink: refuse,
    refresh: () => undefined,
    whyEnded: async () => null,
    close: async () => undefined,
  };
  return {
    host: 'hq.example.org',
    connect: async () => session,
    hasMoved: async () => false,
    signIn: refuse,
  };
}
