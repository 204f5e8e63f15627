import { browserSettings, confinedGatewaySettings } from '../../plugin/sandbox/agent-settings.ts';
import { findChromium } from '../../plugin/sandbox/programs.ts';
import type { JsonObject } from './config-patch.ts';
import { merged, objectAt, textsAt } from './json-objects.ts';
import { type ModelOptions, modelSettings } from './model-settings.ts';

/** Plugins that every gateway may load: model providers that OpenClaw brings, and its one bundled channel. */
const bundledPlugins = [
  'anthropic',
  'google',
  'huggingface',
  'openai',
  'openrouter',
  'telegram',
  'together',
  'xai',
];

export interface BaseConfigOptions extends ModelOptions {
  /** HQ's plugin; null where it cannot be loaded. */
  readonly plugin: { readonly directory: string; readonly config: JsonObject } | null;
}

/** OpenClaw replaces it by its value. */
const stateVariable = '$' + '{OPENCLAW_STATE_DIR}';

/** Settings of a gateway's first start, which its operator may change. */
const initialSettings: JsonObject = {
  logging: { file: `${stateVariable}/gateway.log`, level: 'info', maxFileBytes: 10_000_000 },
  models: { mode: 'merge', catalogRefresh: { enabled: false } },
  agents: { defaults: { workspace: `${stateVariable}/workspace` } },
};

/**
 * Settings that HQ restores at every start: OpenClaw listens on loopback alone, no agent runs or spends by itself, sees
 * another agent's session, or loads a plugin that is not listed here.
 */
const fixedSettings: JsonObject = {
  gateway: {
    mode: 'local',
    bind: 'loopback',
    auth: { mode: 'token', token: { source: 'env', provider: 'default', id: 'OPENCLAW_GATEWAY_TOKEN' } },
    controlUi: { enabled: false },
    terminal: { enabled: false },
  },
  discovery: { mdns: { mode: 'off' } },
  agents: { defaults: { heartbeat: { every: '0m' } } },
  session: { dmScope: 'per-channel-peer' },
  skills: { workshop: { autonomous: { mode: 'off' } } },
  ...confinedGatewaySettings,
  browser: browserSettings(findChromium()),
  cron: { enabled: false },
  update: { checkOnStart: false },
  telemetry: { enabled: false },
};

/** Returns the whole configuration of a first start. */
export function firstConfig(options: BaseConfigOptions): JsonObject {
  return merged(initialSettings, desiredConfig({}, options));
}

/** Returns the settings that HQ wants in `current`; null stands for a key that must be absent. */
export function desiredConfig(current: JsonObject, options: BaseConfigOptions): JsonObject {
  const models = modelSettings(current, options);
  return merged(merged(fixedSettings, pluginSettings(current, options)), models);
}

function pluginSettings(current: JsonObject, { plugin }: BaseConfigOptions): JsonObject {
  const plugins = objectAt(current, 'plugins');
  const allowed = new Set([...textsAt(plugins, 'allow'), ...bundledPlugins]);
  const others = textsAt(objectAt(plugins, 'load'), 'paths').filter(
    (path) => !path.endsWith('/gateway/plugin'),
  );
  if (plugin === null) allowed.delete('hq');
  else allowed.add('hq');
  const paths = plugin === null ? others : [...others, plugin.directory];
  return {
    plugins: {
      enabled: true,
      allow: [...allowed].sort(),
      slots: { memory: 'none' },
      load: { paths },
      entries: {
        hq:
          plugin === null
            ? null
            : { enabled: true, hooks: { allowConversationAccess: true }, config: plugin.config },
      },
    },
  };
}
