import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { removeTree } from '@hq/shared/program';
import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry';
import { registerSandboxBackend } from 'openclaw/plugin-sdk/sandbox';
import { z } from 'zod';
import { AgentBrowsers } from './browser/agent-browsers.ts';
import { agentOfToken, bridgeKey, bridgePort } from './browser/bridge-token.ts';
import { guardBrowserCall, isBrowserTool } from './browser/browser-guard.ts';
import { CdpBridge } from './browser/cdp-bridge.ts';
import { AgentNetworks } from './network/agent-networks.ts';
import type { Destination } from './network/allowed-hosts.ts';
import type { Internet } from './network/egress-decision.ts';
import { createRunDirectory } from './run-directory.ts';
import { AgentJails } from './sandbox/agent-jails.ts';
import { agentPaths, temporaryRoot } from './sandbox/agent-paths.ts';
import { diskReserveBytes } from './sandbox/command-watch.ts';
import { findHostSupport, type HostSupport } from './sandbox/host-support.ts';
import { jailBackend } from './sandbox/jail-backend.ts';
import { backendId } from './sandbox/jail-backend-id.ts';
import { browserLimits, defaultLimits } from './sandbox/jail-command.ts';

export interface ConfinementSettings {
  /** OPENCLAW_STATE_DIR. */
  readonly stateDir: string;
  /** OpenClaw's ids of the agents that HQ manages, now. */
  readonly agents: () => readonly string[];
  /** Bytes that an agent may send and receive in a day. */
  readonly egressBytesPerDay?: number | undefined;
  readonly diskReserveBytes?: number | undefined;
  readonly browserPort?: number | undefined;
  readonly browserIdleMs?: number | undefined;
  /** Called when an agent is refused a host that is not on its list. */
  readonly onUnlistedHost?: ((agent: string, destination: Destination) => void) | undefined;
  /** The internet of tests. */
  readonly internet?: Internet | undefined;
}

export type ConfinementApi = Pick<
  OpenClawPluginApi,
  'logger' | 'on' | 'registerGatewayMethod' | 'registerService' | 'registrationMode'
>;

/** An id of OpenClaw, which becomes a part of paths. */
const forgetParams = z.object({ agentId: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,127}$/) });

const defaultEgressBytes = 10 * 1024 ** 3;
const defaultBrowserIdleMs = 10 * 60_000;

/** Opens the bridge where the host has browsers. Without its port agents have none, and everything else works. */
async function openBridge(bridge: CdpBridge, port: number): Promise<HostSupport> {
  const support = await findHostSupport();
  if (!support.browser) return support;
  try {
    await bridge.listen(port);
    return support;
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    const remedy = error instanceof HqError ? error.hint : undefined;
    const finding = { name: 'browser', isThere: false, sentence, ...(remedy && { remedy }) } as const;
    return {
      ...support,
      browser: false,
      reason: `Agents have no browser. ${sentence}`,
      findings: [...support.findings, finding],
    };
  }
}

/** Everything that confines agents while a gateway runs. */
async function startConfinement(settings: ConfinementSettings, { logger }: ConfinementApi) {
  const { stateDir, agents, internet } = settings;
  const runDir = createRunDirectory(stateDir);
  await removeTree(temporaryRoot(stateDir)).catch(() =>
    logger.warn('hq: temporary files of agents could not be removed'),
  );
  const key = bridgeKey(stateDir);
  const bridge = new CdpBridge({
    agentOf: (token) => agentOfToken(key, agents(), token),
    running: async (agent) => await browsers.running(agent),
  });
  const support = await openBridge(bridge, settings.browserPort ?? bridgePort);
  if (support.reason !== null) logger.warn(`hq: ${support.reason}`);
  const networks = new AgentNetworks({
    recordsDir: join(stateDir, 'hq', 'agents'),
    runDir,
    bytesPerDay: settings.egressBytesPerDay ?? defaultEgressBytes,
    programs: support.programs,
    internet,
    onUnlisted: settings.onUnlistedHost,
  });
  const jails = new AgentJails({
    stateDir,
    runDir,
    support,
    networks,
    limits: defaultLimits,
    browserLimits,
    diskReserveBytes: settings.diskReserveBytes ?? diskReserveBytes,
    onWarning: (message) => logger.warn(`hq: ${message}`),
  });
  const idleMs = settings.browserIdleMs ?? defaultBrowserIdleMs;
  const browsers = new AgentBrowsers({ stateDir, runDir, support, jails, idleMs });
  return {
    jails,
    networks,
    browsers,
    status: async () => {
      const { exec, browser, reason, findings } = support;
      return { exec, browser, reason, findings, traffic: await networks.traffic() };
    },
    /** Ends and removes what an agent leaves that HQ has removed: a new one of its name inherits nothing. */
    forget: async (agent: string) => {
      await browsers.end(agent);
      await networks.end(agent);
      for (const path of agentPaths(stateDir, agent)) await removeTree(path);
    },
    close: async () => {
      await bridge.close();
      await browsers.close();
      jails.close();
      await networks.close();
      await rm(runDir, { recursive: true, force: true });
    },
  };
}

type Confinement = Awaited<ReturnType<typeof startConfinement>>;

declare global {
  /** Confinement of each state directory of this process: OpenClaw loads a plugin more than once. */
  var hqConfinements: Map<string, Confinement> | undefined;
}

function runningConfinement(stateDir: string): Confinement {
  const running = globalThis.hqConfinements?.get(stateDir);
  if (running !== undefined) return running;
  throw new HqError('unreachable', 'HQ’s jails have not started yet.', {
    hint: 'Try again in some seconds. If it lasts, see the gateway’s log.',
  });
}

/**
 * Gives OpenClaw HQ's jails, networks and browsers. Effects begin with the gateway and end with it. Call it in every mode of
 * registration: a turn takes its hooks from a registration that is not the gateway's own.
 */
export function registerConfinement(api: ConfinementApi, settings: ConfinementSettings): void {
  const { stateDir } = settings;
  guardBrowserCalls(api, () => runningConfinement(stateDir), settings.onUnlistedHost);
  if (api.registrationMode !== 'full') return;
  const unregister = registerSandboxBackend(
    backendId,
    jailBackend(() => runningConfinement(stateDir).jails),
  );
  let started: Confinement | undefined;
  api.registerService({
    id: 'hq-confinement',
    start: async () => {
      started = await startConfinement(settings, api);
      globalThis.hqConfinements ??= new Map();
      globalThis.hqConfinements.set(stateDir, started);
    },
    stop: async () => {
      unregister();
      // A reload of the plugin may have started the next one.
      if (globalThis.hqConfinements?.get(stateDir) === started) globalThis.hqConfinements?.delete(stateDir);
      await started?.close();
    },
  });
  api.registerGatewayMethod(
    'hq.confinement',
    async ({ respond }) => respond(true, await runningConfinement(stateDir).status(), undefined),
    { scope: 'operator.read' },
  );
  api.registerGatewayMethod(
    'hq.forgetAgent',
    async ({ params, respond }) => {
      const { agentId } = forgetParams.parse(params);
      await runningConfinement(stateDir).forget(agentId);
      respond(true, {}, undefined);
    },
    { scope: 'operator.admin' },
  );
}

function guardBrowserCalls(
  api: ConfinementApi,
  running: () => Confinement,
  onUnlisted: ConfinementSettings['onUnlistedHost'],
): void {
  /** Returns why it did not open. The first use takes a second, longer than OpenClaw waits for a browser. */
  const openBrowser = async (agent: string): Promise<string | undefined> => {
    try {
      await running().browsers.open(agent);
      return undefined;
    } catch (error) {
      return error instanceof HqError ? `${error.message} ${error.hint ?? ''}`.trim() : String(error);
    }
  };
  api.on('before_tool_call', async (event, { agentId }) => {
    if (!isBrowserTool(event.toolName)) return undefined;
    if (agentId === undefined) return guardBrowserCall(event, agentId, undefined, []);
    const whyNone = await openBrowser(agentId);
    const allowedHosts = whyNone === undefined ? running().networks.allowedHosts(agentId) : [];
    const verdict = guardBrowserCall(event, agentId, whyNone, allowedHosts);
    if ('unlisted' in verdict && verdict.unlisted !== undefined) onUnlisted?.(agentId, verdict.unlisted);
    return verdict;
  });
}
