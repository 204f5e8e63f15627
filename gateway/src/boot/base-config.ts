import { browserSettings, confinedGatewaySettings } from '../../plugin/sandbox/agent-settings.ts';
import { findChromium } from '../../plugin/sandbox/programs.ts';
import { isObject, type Json, type JsonObject } from './config-patch.ts';

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

export interface BaseConfigOptions {
  /** HQ's plugin; null where it cannot be loaded. */
  readonly plugin: { readonly directory: string; readonly config: JsonObject } | null;
  /** Port of the model server of a rehearsal; null without one. */
  readonly rehearsalPort: number | null;
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
  return merged(merged(fixedSettings, pluginSettings(current, options)), rehearsalSettings(current, options));
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

/** Model of a rehearsal. */
const rehearsalModel = 'rehearsal/script';

function rehearsalSettings(current: JsonObject, { rehearsalPort }: BaseConfigOptions): JsonObject {
  const defaults = objectAt(objectAt(current, 'agents'), 'defaults');
  const primary = objectAt(defaults, 'model').primary ?? defaults.model;
  if (rehearsalPort === null) {
    const isDefault = primary === rehearsalModel;
    return {
      models: { providers: { rehearsal: null } },
      ...(isDefault ? { agents: { defaults: { model: null } } } : {}),
    };
  }
  const provider: JsonObject = {
    baseUrl: `http://127.0.0.1:${rehearsalPort}/v1`,
    apiKey: 'rehearsal',
    api: 'openai-completions',
    models: [
      {
        id: 'script',
        name: 'Rehearsal: a script answers, no model',
        reasoning: false,
        input: ['text'],
        cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
        contextWindow: 200_000,
        maxTokens: 8_192,
      },
    ],
  };
  return {
    models: { providers: { rehearsal: provider } },
    ...(primary === undefined ? { agents: { defaults: { model: { primary: rehearsalModel } } } } : {}),
  };
}

function merged(base: JsonObject, over: JsonObject): JsonObject {
  const result: Record<string, Json | undefined> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const under = result[key];
    result[key] = isObject(under) && isObject(value) ? merged(under, value) : value;
  }
  return result;
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isObject(value) ? value : {};
}

function textsAt(object: JsonObject, key: string): readonly string[] {
  const value = object[key];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
