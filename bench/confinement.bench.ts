import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AgentNetworks } from '../gateway/plugin/network/agent-networks.ts';
import { createRunDirectory } from '../gateway/plugin/run-directory.ts';
import { AgentJails } from '../gateway/plugin/sandbox/agent-jails.ts';
import { findHostSupport } from '../gateway/plugin/sandbox/host-support.ts';
import { browserLimits, defaultLimits } from '../gateway/plugin/sandbox/jail-command.ts';
import { median } from './percentile.ts';
import { atMost, type Figure } from './table.ts';

export const title = 'A command in a jail';

const rounds = 60;
const dearerMs = 30;
const execute = promisify(execFile);

/** Milliseconds of each round. The two kinds take turns, so that other load meets both. */
async function timings(jails: AgentJails, workspace: string): Promise<{ jailed: number[]; plain: number[] }> {
  const jailed: number[] = [];
  const plain: number[] = [];
  const content = {
    mounts: [{ hostPath: workspace, jailPath: '/workspace', readOnly: false }],
    workdir: '/workspace',
    environment: {},
    kind: 'command',
  } as const;
  for (let round = 0; round < rounds; round++) {
    let began = performance.now();
    await execute('/bin/sh', ['-c', 'true'], { env: {} });
    plain.push(performance.now() - began);
    began = performance.now();
    const { argv, token } = await jails.prepare('maya', content, ['/bin/sh', '-c', 'true']);
    const [program = '', ...args] = argv;
    await execute(program, args, { env: {} });
    await jails.ended(token);
    jailed.push(performance.now() - began);
  }
  return { jailed, plain };
}

export async function* measure(): AsyncIterable<Figure> {
  const state = mkdtempSync(join(tmpdir(), 'hq-bench-'));
  const workspace = join(state, 'workspace-maya');
  mkdirSync(workspace);
  const runDir = createRunDirectory(state);
  const support = await findHostSupport();
  const { reason, exec } = support;
  if (!exec) throw new Error(`There is nothing to measure. ${reason}`);
  const networks = new AgentNetworks({
    recordsDir: join(state, 'hq', 'agents'),
    runDir,
    bytesPerDay: 1,
    programs: support.programs,
  });
  const jails = new AgentJails({
    stateDir: state,
    runDir,
    support,
    networks,
    limits: defaultLimits,
    browserLimits,
    diskReserveBytes: 0,
    onWarning: (message) => process.stderr.write(`${message}\n`),
  });
  try {
    const began = performance.now();
    await networks.enter('maya');
    yield atMost('first command of an agent: its network', performance.now() - began, 500, 'ms');
    const { jailed, plain } = await timings(jails, workspace);
    yield atMost('dearer than a plain command (median)', median(jailed) - median(plain), dearerMs, 'ms');
  } finally {
    jails.close();
    await networks.close();
    rmSync(runDir, { recursive: true, force: true });
    rmSync(state, { recursive: true, force: true });
  }
}
