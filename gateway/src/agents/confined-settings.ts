import { bridgeKey, bridgeToken } from '../../plugin/browser/bridge-token.ts';
import {
  type AgentConfinement,
  confinedAgentSettings,
  confinedGatewaySettings,
} from '../../plugin/sandbox/agent-settings.ts';
import { hqTools } from '../../plugin/tools/index.ts';
import type { AgentSettings } from './config/desired-config.ts';

/** Returns the settings of agents for what this host allows. */
export function confinedSettings(stateDirectory: string, confinement: AgentConfinement): AgentSettings {
  const names = hqTools.map(({ name }) => name);
  return {
    ...confinedAgentSettings(confinement, names),
    browser: (ids) => {
      const key = bridgeKey(stateDirectory);
      const tokens = new Map(ids.map((id) => [id, bridgeToken(key, id)]));
      return confinedGatewaySettings(confinement, tokens).browser;
    },
  };
}
