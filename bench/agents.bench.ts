import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import {
  becomesReady,
  createHome,
  killGateway,
  startGateway,
  type TestHome,
} from '../gateway/src/testing/running-gateway.ts';
import { descendantsOf, startHqProcess } from '../local/testing/hq-process.ts';
import { sleep } from '../shared/src/program/index.ts';
import { type AgentGateway, startAgentGateway, until } from './agent-gateway.ts';
import { untilBareReady } from './bare-openclaw.ts';
import { median } from './percentile.ts';
import { cpuMs, memoryMib, memoryShareMib, nameOf } from './processes.ts';
import { atMost, type Figure, noted } from './table.ts';

export const title = 'Agents';

const awake = 10;
/** A gateway has as many agents at most. */
const most = 20;
const provisions = 5;
const starts = 3;
const questions = 5;
const settleMs = 60_000;
const idleMs = 60_000;
/** 1.8 GB. */
const mostMib = 1_717;

const slugOf = (number: number) => `agent-${number}`;
const provision = (gateway: AgentGateway, number: number) =>
  gateway.run('provision', { slug: slugOf(number), name: `Agent ${number}` }, { p_gateway: 'default' });

/** Processes of a gateway: the runner, hq-gateway, OpenClaw with its children, and the relays of agents' networks. */
function processesOf(gateway: AgentGateway) {
  const [hqGateway = 0] = descendantsOf(gateway.runner);
  const below = descendantsOf(hqGateway);
  const relays = below.filter((pid) => ['bwrap', 'socat'].includes(nameOf(pid)));
  const openClaw = below.filter((pid) => !relays.includes(pid));
  return { hqGateway, relays, openClaw, ours: [gateway.runner, hqGateway, ...relays] };
}

const sum = (pids: readonly number[], of: (pid: number) => number) =>
  pids.reduce((total, pid) => total + of(pid), 0);

async function* awakeAgents(gateway: AgentGateway): AsyncGenerator<Figure> {
  for (let number = 1; number <= awake; number += 1) await provision(gateway, number);
  for (let number = 1; number <= awake; number += 1)
    await gateway.run('wake_agent', { message: 'Run one command.' }, { p_agent: slugOf(number) });
  await sleep(settleMs);
  const { hqGateway, relays, openClaw, ours } = processesOf(gateway);
  const whole = sum([...ours, ...openClaw], memoryShareMib);
  yield atMost(`${awake} awake agents: resident memory of everything`, whole, mostMib, 'MiB');
  yield noted('of that OpenClaw', `${sum(openClaw, memoryShareMib).toFixed(0)} MiB`);
  yield atMost('the runner, hq-gateway and the relays', sum(ours, memoryShareMib), 100, 'MiB');
  const each = [gateway.runner, hqGateway].map((pid) => `${memoryMib(pid).toFixed(0)}`).join(' / ');
  yield noted('runner / hq-gateway, shared pages counted in both', `${each} MiB`);
  yield noted('relays', `${relays.length}, ${sum(relays, memoryShareMib).toFixed(0)} MiB`);
  const parts = [ours, [gateway.runner], [hqGateway], openClaw];
  const before = parts.map((pids) => sum(pids, cpuMs));
  await sleep(idleMs);
  const [all = 0, ...others] = parts.map(
    (pids, at) => (100 * (sum(pids, cpuMs) - (before[at] ?? 0))) / idleMs,
  );
  yield atMost('the same: idle processor', all, 1, '%', 2);
  const shares = others.map((share) => share.toFixed(2)).join(' / ');
  yield noted('runner / hq-gateway / OpenClaw, idle processor', `${shares} %`);
}

async function* provisioning(gateway: AgentGateway): AsyncGenerator<Figure> {
  const took: number[] = [];
  for (let number = awake + 1; number <= most; number += 1) took.push(await provision(gateway, number));
  const what = `provision, up to ${most} agents, ${gateway.hasBrowsers ? 'with' : 'without'} a browser’s profile, longest`;
  yield atMost(what, Math.max(...took.slice(-provisions)) / 1000, 3, 's', 2);
}

/** Milliseconds from the answer to a question until the agent's model is asked with it, in the same turn or in a later one. */
async function untilAnswered(gateway: AgentGateway, waitSeconds: number): Promise<number> {
  const question = { question: 'Go on?', choices: ['yes', 'no'], wait_seconds: waitSeconds };
  let hasAsked = false;
  const answered = Promise.withResolvers<number>();
  let answeredAt = Number.POSITIVE_INFINITY;
  gateway.follow(({ messages }) => {
    if (!hasAsked) {
      hasAsked = true;
      return { tool: 'hq_ask_operator', arguments: question };
    }
    if (answeredAt === Number.POSITIVE_INFINITY) return { text: 'I wait.' };
    answered.resolve(performance.now() - answeredAt);
    const said = messages.flatMap(({ role, text }) => (role === 'user' ? [text] : [])).join('\n');
    const item = /\bitem ([0-9a-f]{8})\b/.exec(said)?.[1];
    const hasCompleted = messages.some(({ toolCalls }) => toolCalls.includes('hq_complete'));
    if (item === undefined || hasCompleted) return { text: 'done' };
    return { tool: 'hq_complete', arguments: { item, summary: 'It is done.' } };
  });
  const turn = gateway.run('wake_agent', { message: 'Ask.' }, { p_agent: slugOf(1) });
  // The reason of a failure is thrown below; the turn then ends with the gateway.
  turn.catch(() => undefined);
  const id = await gateway.question();
  if (waitSeconds === 0) await turn;
  answeredAt = performance.now();
  await gateway.run('answer_question', { question: id, answer: 'yes' });
  const took = await answered.promise;
  await turn;
  return took;
}

async function* answers(gateway: AgentGateway): AsyncGenerator<Figure> {
  for (const [what, seconds] of [
    ['answer → the turn that waits goes on, longest', 120],
    ['answer after the turn → the agent is woken with it, longest', 0],
  ] as const) {
    const took: number[] = [];
    for (let round = 0; round < questions; round += 1) took.push(await untilAnswered(gateway, seconds));
    yield atMost(what, Math.max(...took) / 1000, 1, 's', 2);
  }
}

/** Milliseconds from `npm start` with a new data directory until its first agent is ready. */
async function untilFirstAgent(): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'hq-bench-first-'));
  const beganAt = performance.now();
  const args = ['--no-tui', '--data', join(home, 'data'), '--port', '0'];
  const hq = startHqProcess(args, { env: { HOME: home, HQ_FIRST_AGENT: '1' } });
  try {
    const stack = await hq.ready;
    const client = createClient(stack.url, stack.anonKey, { auth: { persistSession: false } });
    const { error } = await client.auth.signInWithPassword(stack);
    if (error) throw error;
    await until('the first agent', async () => {
      const { data } = await client.from('agents').select('status');
      return data?.some(({ status }) => status === 'ready') ? true : undefined;
    });
    return performance.now() - beganAt;
  } finally {
    await hq.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Milliseconds of a bare OpenClaw that has no compile cache yet, as in a new data directory. */
const untilBareColdReady = (home: TestHome, round: number) =>
  untilBareReady(home, { NODE_COMPILE_CACHE: join(home.directory, `cache-${round}`) });

async function* firstAgent(): AsyncGenerator<Figure> {
  const home = await createHome();
  const [ours, bare]: [number[], number[]] = [[], []];
  try {
    // Writes the configuration.
    const gateway = startGateway(home);
    await becomesReady(home, gateway);
    killGateway(gateway);
    await gateway.exited;
    for (let round = 0; round < starts; round += 1) {
      bare.push(await untilBareColdReady(home, round));
      ours.push(await untilFirstAgent());
    }
  } finally {
    home.remove();
  }
  const more = (median(ours) - median(bare)) / 1000;
  yield atMost('npm start to the first agent ready, beyond OpenClaw’s own start', more, 5, 's', 1);
  const seconds = [ours, bare].map((all) => (median(all) / 1000).toFixed(1)).join(' / ');
  yield noted('npm start to the first agent / bare OpenClaw, median', `${seconds} s`);
}

export async function* measure(): AsyncIterable<Figure> {
  const gateway = await startAgentGateway();
  try {
    yield* awakeAgents(gateway);
    yield* answers(gateway);
    yield* provisioning(gateway);
  } finally {
    await gateway.stop();
  }
  yield* firstAgent();
}
