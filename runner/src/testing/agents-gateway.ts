import { createServer, type ServerResponse } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import {
  type AgentCondition,
  type AgentSpec,
  agentSpec,
  openClawIdOf,
  sessionToRead,
} from '@hq/shared/agents';
import { HqError } from '@hq/shared/errors';
import { faultOf, turnRequest } from '@hq/shared/gateway';
import { z } from 'zod';

interface KeptAgent {
  readonly spec: string;
  readonly token: string | null;
}

/** The control API of a gateway with its agents in memory: it answers and refuses as hq-gateway does. */
export interface AgentsGateway {
  readonly socket: string;
  readonly agents: Map<string, KeptAgent>;
  readonly specs: Map<string, AgentSpec>;
  /** Conditions of agents, by their ids in OpenClaw. */
  readonly conditions: Map<string, readonly AgentCondition[]>;
  /** Methods and paths in the order in which they came, without those that only look. */
  readonly requests: string[];
  /** Agents that cannot be applied, with the reason. */
  readonly faults: Map<string, string>;
  isReady: boolean;
  /** Number of `PUT /agents` that end without an answer, as when OpenClaw restarts. */
  restarts: number;
  /** Called when a client aborts a turn. */
  onAborted: () => void;
  close(): Promise<void>;
}

type Emit = (line: object) => void;

/** Serves it on a Unix socket. A message that begins with `hang` starts a turn that ends only by an abort. */
export async function startAgentsGateway(socket: string): Promise<AgentsGateway> {
  const gateway: AgentsGateway = {
    socket,
    agents: new Map(),
    specs: new Map(),
    conditions: new Map(),
    requests: [],
    faults: new Map(),
    isReady: true,
    restarts: 0,
    onAborted: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const server = createServer(async (request, response) => {
    const body = await textOf(request);
    try {
      const { method = '', url = '' } = request;
      if (url !== '/status' && !url.startsWith('/agents/conditions'))
        gateway.requests.push(`${method} ${url}`);
      await answer(gateway, `${method} ${url}`, body === '' ? undefined : JSON.parse(body), response);
    } catch (error) {
      const fault = faultOf(error);
      if (!response.headersSent) response.writeHead(fault.status);
      response.end(`${JSON.stringify(fault.body)}\n`);
    }
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return gateway;
}

async function answer(
  gateway: AgentsGateway,
  asked: string,
  body: unknown,
  response: ServerResponse,
): Promise<void> {
  const emit: Emit = (line) => void response.write(`${JSON.stringify(line)}\n`);
  const [, slug = '', verb = ''] = /^\w+ \/agents\/([a-z0-9-]+)(?:\/([a-z/]+))?$/.exec(asked) ?? [];
  if (asked === 'GET /status') response.end(JSON.stringify(statusOf(gateway)));
  else if (!gateway.isReady) throw new HqError('unreachable', 'OpenClaw is not ready (openclaw).');
  else if (asked.startsWith('GET /agents/conditions')) {
    const agents = [...gateway.specs.values()].map(({ branch }) => openClawIdOf(branch));
    const conditions = agents.map((id) => [id, gateway.conditions.get(id) ?? []] as const);
    response.end(JSON.stringify({ agents: Object.fromEntries(conditions) }));
  } else if (asked === 'PUT /agents') {
    const { agents } = z.object({ agents: z.array(agentSpec) }).parse(body);
    emit({ progress: `comparing ${agents.length} agents`, percent: 10 });
    if (gateway.restarts > 0) {
      gateway.restarts -= 1;
      throw new HqError('unreachable', 'OpenClaw cannot be called: there is no connection to it.');
    }
    response.end(`${JSON.stringify({ result: applyAll(gateway, agents) })}\n`);
  } else if (asked === 'POST /turns') await turn(gateway, body, emit, response);
  else if (asked === 'POST /pairings/approve')
    response.end(JSON.stringify({ sender: '555', account: 'scout' }));
  else if (asked === 'POST /calls') {
    const models = [
      { id: 'gpt-5', provider: 'openai', name: 'GPT', available: false },
      { id: 'script', provider: 'rehearsal', name: 'Script', available: true },
    ];
    response.end(JSON.stringify({ answers: [{ ok: true, payload: { models } }] }));
  } else if (slug !== '' && !gateway.agents.has(slug))
    throw new HqError('not_found', `There is no agent ${slug}.`);
  else if (asked.startsWith('DELETE ')) {
    gateway.agents.delete(slug);
    response.end(`${JSON.stringify({ result: { archived: `archive/${slug}` } })}\n`);
  } else if (verb === 'sessions/read') response.end(JSON.stringify(transcriptOf(slug, body)));
  else if (verb === 'sessions/reset') response.end(JSON.stringify({ sessionKey: `agent:${slug}:hq` }));
  else response.end(JSON.stringify({ abortedTurns: 0, waitsFor: null }));
}

function transcriptOf(slug: string, body: unknown) {
  const { last, sessionKey } = sessionToRead.parse(body);
  const at = '2026-11-30T12:00:00.000Z';
  const messages = [
    { role: 'user', at, text: 'Look at\nyour inbox', tools: [] },
    { role: 'agent', at, text: '', tools: ['hq_inbox'] },
    { role: 'tool', at: null, text: 'nothing', tools: ['hq_inbox'] },
    { role: 'agent', at, text: 'There is nothing.', tools: [] },
  ];
  return {
    sessionKey: sessionKey ?? `agent:${slug}:hq`,
    messages: messages.slice(-last),
    hasOlder: last < messages.length,
    sessions: [`agent:${slug}:hq`, `agent:${slug}:main`],
  };
}

function statusOf({ isReady, agents }: AgentsGateway) {
  return {
    ...{
      ready: isReady,
      version: '2026.9.6',
      doing: isReady ? null : 'openclaw',
      agents: [...agents.keys()],
    },
    ...{
      confinement: { exec: true, browser: false, reason: 'no Chromium' },
      steps: [],
      missing: [],
      rehearsal: true,
    },
  };
}

function applyAll(gateway: AgentsGateway, agents: readonly AgentSpec[]) {
  const applied: string[] = [];
  const problems = [...gateway.faults].map(([slug, message]) => ({ slug, message }));
  for (const spec of agents.filter(({ slug }) => !gateway.faults.has(slug))) {
    const before = gateway.agents.get(spec.slug);
    const now = {
      spec: JSON.stringify({ ...spec, token: null }),
      token: spec.token ?? before?.token ?? null,
    };
    if (before?.spec !== now.spec || before.token !== now.token) applied.push(spec.slug);
    gateway.agents.set(spec.slug, now);
    gateway.specs.set(spec.slug, spec);
  }
  const needCredential = [...gateway.agents].filter(([, { token }]) => token === null).map(([slug]) => slug);
  const unchanged = agents.map(({ slug }) => slug).filter((slug) => !applied.includes(slug));
  return { applied, unchanged, needCredential, unexpected: [], problems };
}

async function turn(
  gateway: AgentsGateway,
  body: unknown,
  emit: Emit,
  response: ServerResponse,
): Promise<void> {
  const { agent, message, runId } = turnRequest.parse(body);
  const spec = gateway.specs.get(agent);
  if (spec === undefined) throw new HqError('not_found', `There is no agent ${agent}.`);
  emit({ text: 'Let me ' });
  emit({ tool: { name: 'hq_inbox', phase: 'start' } });
  if (message.startsWith('hang')) {
    await new Promise<void>((resolve) => response.once('close', resolve));
    gateway.onAborted();
    return;
  }
  emit({ tool: { name: 'hq_inbox', phase: 'end', failed: false } });
  emit({ text: 'see.' });
  const failed = message.startsWith('fail')
    ? { status: 'error', error: 'Budget exceeded' }
    : { status: 'ok' };
  const result = {
    ...{
      text: 'Let me see.',
      tools: ['hq_inbox'],
      sessionKey: `agent:${openClawIdOf(spec.branch)}:hq`,
      runId,
    },
    ...{ usage: { input: 10, output: 5, total: 15, costUsd: 0.0012 }, tookMs: 321, ...failed },
  };
  response.end(`${JSON.stringify({ result })}\n`);
}
