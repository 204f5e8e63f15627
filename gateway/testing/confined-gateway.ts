import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@hq/shared/program';
import { build } from 'esbuild';
import { bundling } from '../../scripts/build.ts';
import { bridgeKey, bridgeToken } from '../plugin/browser/bridge-token.ts';
import {
  browserProfile,
  browserSettings,
  confinedAgentSettings,
  confinedGatewaySettings,
} from '../plugin/sandbox/agent-settings.ts';
import { findChromium } from '../plugin/sandbox/programs.ts';
import { startTestGateway, type TestGateway } from './openclaw-gateway.ts';
import { type ScriptedModel, type Step, startScriptedModel } from './scripted-model.ts';

/** Turns here have up to ten tool calls, each of several jails, on a machine that may be busy. */
const turnLimitMs = 240_000;

export interface ConfinedGateway {
  readonly gateway: TestGateway;
  readonly model: ScriptedModel;
  /** Port of a server on loopback that no agent may reach. */
  readonly loopbackPort: number;
  /** Port of the bridge to the browsers. */
  readonly browserPort: number;
  /** Requests that reached the server on loopback, and the one server of the internet. */
  readonly reached: { readonly loopback: string[]; readonly internet: string[] };
  /** Path of an agent's worktree on the host. */
  workspace(agent: string): string;
  allowHosts(agent: string, ...hosts: readonly string[]): void;
  /** Runs one turn with these tool calls and returns the answers of the tools. */
  play(agent: string, ...steps: readonly Step[]): Promise<readonly string[]>;
  /** Runs shell commands in one turn and returns their output. */
  run(agent: string, ...commands: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * The real OpenClaw with two agents in jails, `maya` and `zed`, and servers that they try to reach. `beforeStart` may put
 * files into its state directory, as an earlier life of the gateway would leave them.
 */
export async function startConfinedGateway(
  browser: boolean,
  beforeStart: (stateDir: string) => void,
): Promise<ConfinedGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'hq-plugin-'));
  const reached = { loopback: [] as string[], internet: [] as string[] };
  const loopback = await serve(reached.loopback);
  const internet = await serve(reached.internet);
  const model = await startScriptedModel();
  const browserPort = await freePort();
  await writePlugin(folder);
  const agents = ['maya', 'zed'];
  const gateway = await startTestGateway({
    modelUrl: model.url,
    config: (stateDir) => {
      beforeStart(stateDir);
      const profiles = Object.fromEntries(
        agents.map((id) => [id, browserProfile(bridgeToken(bridgeKey(stateDir), id), browserPort)]),
      );
      const confinement = { exec: true, browser };
      return {
        ...confinedGatewaySettings,
        browser: { ...browserSettings(findChromium()), profiles },
        agents: {
          defaults: { heartbeat: { every: '0m' }, model: { primary: 'model/one' } },
          entries: Object.fromEntries(
            agents.map((id) => [
              id,
              {
                name: id,
                workspace: join(stateDir, `workspace-${id}`),
                ...confinedAgentSettings(confinement, []),
              },
            ]),
          ),
        },
        plugins: {
          enabled: true,
          allow: ['hq'],
          slots: { memory: 'none' },
          load: { paths: [folder] },
          entries: {
            hq: { enabled: true, config: { stateDir, browserPort, internetPort: portOf(internet) } },
          },
        },
      };
    },
  });
  const { stateDir } = gateway;
  const workspace = (agent: string) => join(stateDir, `workspace-${agent}`);
  const allowHosts = (agent: string, ...allowedHosts: readonly string[]) =>
    writeFileSync(
      join(stateDir, 'hq', 'agents', `${agent}.json`),
      JSON.stringify({
        agentId: agent,
        slug: agent,
        branch: agent,
        token: `token-of-${agent}`.repeat(4),
        allowedHosts,
      }),
      { mode: 0o600 },
    );
  for (const agent of agents) {
    mkdirSync(workspace(agent), { recursive: true });
    allowHosts(agent);
  }
  const play = async (agent: string, ...steps: readonly Step[]) => {
    model.play(...steps);
    const { status, error } = await gateway.turn(agent, turnLimitMs);
    if (status !== 'ok') throw new Error(`The turn ended with ${status}: ${error}\n${gateway.output()}`);
    return model.requests.at(-1)?.answers ?? [];
  };
  return {
    gateway,
    model,
    loopbackPort: portOf(loopback),
    browserPort,
    reached,
    workspace,
    allowHosts,
    play,
    run: (agent, ...commands) =>
      play(agent, ...commands.map((command) => ({ tool: 'exec', args: { command } }))),
    close: async () => {
      await gateway.close();
      model.close();
      for (const server of [loopback, internet]) {
        server.closeAllConnections();
        server.close();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serve(log: string[]): Promise<Server> {
  const server = createServer((incoming, response) => {
    log.push(incoming.url ?? '');
    response.end('<title>reached</title>reached');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function writePlugin(folder: string): Promise<void> {
  await build(bundling({ 'hq-plugin': 'gateway/testing/confinement-plugin.ts' }, folder));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'hq-test-plugin', type: 'module', openclaw: { extensions: ['./hq-plugin.js'] } }),
  );
  writeFileSync(
    join(folder, 'openclaw.plugin.json'),
    JSON.stringify({
      id: 'hq',
      name: 'HQ',
      description: 'Jails, networks and browsers of agents.',
      version: '0.1.0',
      activation: { onStartup: true },
      contracts: {},
      configSchema: { type: 'object' },
    }),
  );
}
