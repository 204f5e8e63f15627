import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environmentFlag } from '@hq/shared/program';
import type { SandboxBackendParams } from 'openclaw/plugin-sdk/sandbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentNetworks } from '../network/agent-networks.ts';
import { createRunDirectory } from '../run-directory.ts';
import { AgentJails } from './agent-jails.ts';
import { findHostSupport } from './host-support.ts';
import { jailBackend } from './jail-backend.ts';
import { browserLimits, defaultLimits } from './jail-command.ts';

const execute = promisify(execFile);
let state: string;
let runDir: string;
let networks: AgentNetworks;
let jails: AgentJails;
let warnings: string[];

async function open(diskReserveBytes = 1): Promise<void> {
  const support = await findHostSupport();
  networks = new AgentNetworks({
    recordsDir: join(state, 'hq', 'agents'),
    runDir,
    bytesPerDay: 1_000_000,
    programs: support.programs,
  });
  jails = new AgentJails({
    stateDir: state,
    runDir,
    support,
    networks,
    limits: defaultLimits,
    browserLimits,
    diskReserveBytes,
    onWarning: (message) => warnings.push(message),
  });
}

beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'hq-jails-'));
  for (const agent of ['maya', 'zed']) mkdirSync(join(state, `workspace-${agent}`));
  mkdirSync(join(state, 'hq', 'agents'), { recursive: true });
  runDir = createRunDirectory(state);
  warnings = [];
  await open();
});
afterEach(async () => {
  jails.close();
  await networks.close();
  rmSync(runDir, { recursive: true, force: true });
  rmSync(state, { recursive: true, force: true });
});

const params = (agent: string, changes: Partial<SandboxBackendParams> = {}): SandboxBackendParams => ({
  sessionKey: `agent:${agent}:main`,
  scopeKey: `agent:${agent}:workspace:0123`,
  workspaceDir: join(state, `workspace-${agent}`),
  agentWorkspaceDir: join(state, `workspace-${agent}`),
  cfg: { workspaceAccess: 'rw' },
  ...changes,
});
const backend = (agent: string, changes: Partial<SandboxBackendParams> = {}) =>
  jailBackend(() => jails).factory(params(agent, changes));

async function prepared(agent: string, command: string, env: Record<string, string> = {}) {
  const made = await backend(agent);
  const spec = await made.buildExecSpec({ command, env, usePty: false });
  const [program = '', ...args] = spec.argv;
  return { program, args, spec, ended: () => made.finalizeExec({ token: spec.finalizeToken }) };
}

async function run(agent: string, command: string, env: Record<string, string> = {}): Promise<string> {
  const { program, args, ended } = await prepared(agent, command, env);
  try {
    const { stdout } = await execute(program, args, { env: {} });
    return stdout;
  } finally {
    await ended();
  }
}

/** Starts a server in an agent's jail that answers until it is killed. */
async function serveIn(agent: string, port: number) {
  const { program, args } = await prepared(
    agent,
    `python3 -m http.server --bind 127.0.0.1 ${port} 2>&1 & until curl -s http://127.0.0.1:${port} >/dev/null; do sleep 0.1; done; echo up; wait`,
  );
  const child = spawn(program, args, { env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  return child;
}

describe.runIf(environmentFlag(process.env, 'HQ_TEST_JAILS'))('the jails of agents', () => {
  it('give a command its variables, and nobody else: not in an argument list, not after its end', async () => {
    const { args, spec, program, ended } = await prepared('maya', 'echo $SECRET', {
      SECRET: 'only-for-maya',
    });
    expect(spec.env).toEqual({});
    expect(args.join(' ')).not.toContain('only-for-maya');
    expect((await execute(program, args, { env: {} })).stdout).toBe('only-for-maya\n');
    await ended();
    expect(readdirSync(join(runDir, 'commands'))).toEqual([]);
  });

  it('share one network among the commands of an agent, and none with another agent', async () => {
    const server = await serveIn('maya', 8123);
    expect(await run('maya', 'curl -s http://127.0.0.1:8123/ | head -1')).toContain('DOCTYPE');
    expect(await run('zed', 'curl -s http://127.0.0.1:8123/ || echo refused')).toBe('refused\n');
    server.kill('SIGKILL');
  });

  it('end with the program that OpenClaw kills', async () => {
    const { program, args } = await prepared(
      'maya',
      'echo up; (sleep 300 & sleep 300); touch /workspace/survived',
    );
    const child = spawn(program, args, { env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const closed = once(child.stdout, 'close');
    child.kill('SIGKILL');
    // Every process of the jail held the pipe.
    await closed;
    expect(existsSync(join(state, 'workspace-maya', 'survived'))).toBe(false);
  });

  it('get another network when the holder of theirs has died', async () => {
    await run('maya', 'true');
    const holders = readdirSync('/proc').filter((pid) => isHolder(pid, runDir));
    expect(holders.length).toBeGreaterThan(0);
    for (const pid of holders) process.kill(Number(pid), 'SIGKILL');
    const refused = async () =>
      await run('maya', 'curl -sS -m 5 http://evil.test 2>&1 | head -1').catch(String);
    await expect.poll(refused).toContain('HQ refused agent maya');
  });

  it('start nothing without a network', async () => {
    await networks.close();
    networks = new AgentNetworks({
      recordsDir: state,
      runDir: join(runDir, 'other'),
      bytesPerDay: 1,
      programs: { bwrap: '/bin/false', socat: '/bin/false' },
    });
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(networks.enter('maya')).rejects.toMatchObject({ code: 'failed' });
    }
    // By then the next attempt is further away than a command waits.
    await networks.enter('maya').catch(() => undefined);
    await expect(networks.enter('maya')).rejects.toMatchObject({
      code: expect.stringMatching(/failed|unreachable/),
    });
  });

  it('run no command on a full volume, and the file tools still remove files', async () => {
    jails.close();
    await networks.close();
    await open(Number.MAX_SAFE_INTEGER);
    await expect(run('maya', 'true')).rejects.toMatchObject({ code: 'refused', message: /MB left/ });
    const { runShellCommand } = await backend('maya');
    writeFileSync(join(state, 'workspace-maya', 'big'), 'x');
    expect(await runShellCommand({ script: 'rm "$1"', args: ['/workspace/big'] })).toMatchObject({ code: 0 });
  });

  it('hand standard input to a step of a file tool, and its failure back', async () => {
    const { runShellCommand } = await backend('maya');
    const { stdout } = await runShellCommand({ script: 'cat', stdin: Buffer.from('from outside') });
    expect(stdout.toString()).toBe('from outside');
    await expect(runShellCommand({ script: 'echo reason >&2; exit 3' })).rejects.toThrow('reason');
    expect((await runShellCommand({ script: 'exit 3', allowFailure: true })).code).toBe(3);
    await expect(runShellCommand({ script: 'sleep 60', signal: AbortSignal.timeout(300) })).rejects.toThrow();
  });

  it('show a workspace that is the state directory, a private part of it or above it to nobody', async () => {
    for (const workspaceDir of [state, join(state, '..'), join(state, 'hq'), join(state, 'hq', 'agents')]) {
      await expect(backend('maya', { workspaceDir, agentWorkspaceDir: workspaceDir })).rejects.toMatchObject({
        code: 'refused',
      });
    }
    symlinkSync(state, join(state, 'workspace-linked'));
    await expect(backend('linked')).rejects.toMatchObject({ code: 'refused' });
  });

  it('belong to one agent', async () => {
    await expect(backend('maya', { scopeKey: 'shared' })).rejects.toMatchObject({ code: 'refused' });
  });
});

function isHolder(pid: string, directory: string): boolean {
  try {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return commandLine.includes(directory) && commandLine.includes('UNIX-CONNECT');
  } catch {
    return false;
  }
}
