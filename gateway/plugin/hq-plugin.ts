import { definePluginEntry, type OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry';
import { registerConfinement } from './confinement.ts';
import { registerGatewayMethods } from './gateway-methods.ts';
import { registerHooks } from './hooks/index.ts';
import { createHostRequests } from './network/host-requests.ts';
import { createServices, type Services } from './services.ts';
import { readSettings } from './settings.ts';
import { hqTools } from './tools/index.ts';
import { toolsOfTurn } from './tools/tool-factory.ts';

/** Modes of registration whose tools and hooks OpenClaw uses: turns run with those of `discovery`. */
const working = new Set<OpenClawPluginApi['registrationMode']>(['full', 'discovery', 'tool-discovery']);

/** HQ's part in OpenClaw: tools, usage, budget, pairing requests and the secrets of agents. */
export default definePluginEntry({
  id: 'hq',
  name: 'HQ',
  description: 'Tools of HQ for its agents, usage, budget, pairing requests and secrets.',
  register(api) {
    if (!working.has(api.registrationMode)) return;
    const read = readSettings(api.pluginConfig);
    if ('fault' in read) {
      api.logger.error(`plugins.entries.hq.config: ${read.fault}. HQ is off in this gateway.`);
      return;
    }
    const services = createServices(read.settings, api.logger);
    registerTools(api, services);
    registerHooks(api, services, endRun);
    registerGatewayMethods(api, services);
    registerConfinement(api, {
      ...read.settings,
      agents: () => services.records.ids(),
      onUnlistedHost: createHostRequests(services.deliver),
    });
    // OpenClaw starts the services of one instance of the process.
    api.registerService({
      id: 'hq-outbox',
      start: () => services.startSending(),
      stop: () => services.stopSending(),
    });
  },
});

function registerTools(api: OpenClawPluginApi, services: Services): void {
  api.registerTool((context) => toolsOfTurn(context, services), { names: hqTools.map(({ name }) => name) });
}

async function endRun(sessionId: string): Promise<void> {
  // Loaded when it is needed: it is a large part of OpenClaw.
  const { abortAgentHarnessRun } = await import('openclaw/plugin-sdk/agent-harness');
  abortAgentHarnessRun(sessionId);
}
