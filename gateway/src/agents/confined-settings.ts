import { bridgeKey, bridgePort, bridgeToken } from '../../plugin/browser/bridge-token.ts';
import { type AgentConfinement, confinedAgentSettings } from '../../plugin/sandbox/agent-settings.ts';
import { hqTools } from '../../plugin/tools/index.ts';
import type { AgentSettings } from './config/desired-config.ts';

/** Returns the settings of agents for what this host allows. */
export function confinedSettings(stateDirectory: string, confinement: AgentConfinement): AgentSettings {
  const names = hqTools.map(({ name }) => name);
  return {
    ...confinedAgentSettings(confinement, names),
    browserProfile: confinement.browser
      ? (id) => ({
          cdpUrl: `http://127.0.0.1:${bridgePort}/?token=${bridgeToken(bridgeKey(stateDirectory), id)}`,
          attachOnly: true,
        })
      : null,
  };
}
