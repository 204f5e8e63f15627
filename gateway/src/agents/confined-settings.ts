import { bridgeKey, bridgeToken } from '../../plugin/browser/bridge-token.ts';
import {
  type AgentConfinement,
  browserProfile,
  confinedAgentSettings,
} from '../../plugin/sandbox/agent-settings.ts';
import { hqTools } from '../../plugin/tools/index.ts';
import type { AgentSettings } from './config/desired-config.ts';

/** Returns the settings of agents for what this host allows. */
export function confinedSettings(
  stateDirectory: string,
  confinement: AgentConfinement,
  browserPort: number,
): AgentSettings {
  const names = hqTools.map(({ name }) => name);
  return {
    ...confinedAgentSettings(confinement, names),
    browserProfile: confinement.browser
      ? (id) => browserProfile(bridgeToken(bridgeKey(stateDirectory), id), browserPort)
      : null,
  };
}
