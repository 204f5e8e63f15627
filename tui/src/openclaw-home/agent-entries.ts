import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { thinkingLevels } from '@hq/shared/agents';
import { isObject, type JsonObject, objectAt, textAt } from './json.ts';
import { resolveValue, type Variables } from './variables.ts';

/** An agent as the configuration has it. */
export interface AgentEntry {
  readonly id: string;
  readonly isDefault: boolean;
  readonly name: string;
  readonly emoji: string | null;
  readonly description: string | null;
  readonly model: string | null;
  readonly thinking: (typeof thinkingLevels)[number] | null;
  readonly workspace: string;
  readonly agentDirectory: string;
  /** Sentences about settings that HQ has no word for. */
  readonly leftOut: readonly string[];
}

/** Settings of an agent that come over. */
const known = new Set([
  'id',
  'default',
  'name',
  'workspace',
  'agentDir',
  'model',
  'identity',
  'thinkingDefault',
]);
const reasons: Readonly<Record<string, string>> = {
  sandbox: 'HQ puts each agent into a jail of its own',
  tools: 'HQ decides the tools of its agents',
  heartbeat: 'HQ wakes agents by their inbox',
  memory: 'the files of the memory come along, its index does not',
};

/** Returns the agents of a configuration, in its order. Without any, OpenClaw has the agent `main`. */
export function agentEntries(home: string, config: JsonObject, variables: Variables): readonly AgentEntry[] {
  const listed = listedEntries(config);
  const entries = listed.length === 0 ? [['main', {}] as const] : listed;
  const first = entries.find(([, entry]) => entry.default === true) ?? entries.find(([id]) => id === 'main');
  const defaultId = (first ?? entries[0])?.[0];
  return entries.map(([id, entry]) => entryOf(home, config, variables, id, entry, id === defaultId));
}

function listedEntries(config: JsonObject): readonly (readonly [string, JsonObject])[] {
  const agents = objectAt(config, 'agents');
  const byId = Object.entries(objectAt(agents, 'entries'));
  // OpenClaw before 2026.8 has a list.
  const list = Array.isArray(agents.list) ? agents.list.filter(isObject) : [];
  const ofList = list.map((entry) => [textAt(entry, 'id') ?? '', entry] as const);
  return [...byId.map(([id, entry]) => [id, isObject(entry) ? entry : {}] as const), ...ofList].filter(
    ([id]) => id !== '',
  );
}

function entryOf(
  home: string,
  config: JsonObject,
  variables: Variables,
  id: string,
  entry: JsonObject,
  isDefault: boolean,
): AgentEntry {
  const defaults = objectAt(config, 'agents', 'defaults');
  const identity = objectAt(entry, 'identity');
  const model = modelOf(entry) ?? modelOf(defaults);
  const thinking = textAt(entry, 'thinkingDefault') ?? textAt(defaults, 'thinkingDefault');
  const level = thinkingLevels.find((one) => one === thinking) ?? null;
  const path = (text: string | undefined): string | undefined => pathOf(home, variables, text);
  const shared = path(textAt(defaults, 'workspace'));
  const ownPlace = isDefault ? (shared ?? join(home, 'workspace')) : placeBelow(home, shared, id);
  return {
    id,
    isDefault,
    name: (textAt(identity, 'name') ?? textAt(entry, 'name') ?? id).slice(0, 100),
    emoji: textAt(identity, 'emoji') ?? null,
    description: textAt(identity, 'theme') ?? textAt(entry, 'description') ?? null,
    model: model?.primary ?? null,
    thinking: level,
    workspace: path(textAt(entry, 'workspace')) ?? ownPlace,
    agentDirectory: path(textAt(entry, 'agentDir')) ?? join(home, 'agents', id, 'agent'),
    leftOut: [
      ...(model === null || model.others === 0 ? [] : ['model fallbacks: an agent of HQ has one model']),
      ...(thinking === undefined || level !== null ? [] : [`thinking ${thinking}: HQ has no such level`]),
      ...customProvider(config, model?.primary),
      ...Object.keys(entry)
        .filter((key) => !known.has(key))
        .map((key) => `${key}: ${reasons[key] ?? 'HQ has no word for it'}`),
    ],
  };
}

function placeBelow(home: string, shared: string | undefined, id: string): string {
  return shared === undefined ? join(home, `workspace-${id}`) : join(shared, id);
}

function modelOf({ model }: JsonObject): { readonly primary: string; readonly others: number } | null {
  if (typeof model === 'string' && model !== '') return { primary: model, others: 0 };
  if (!isObject(model)) return null;
  const primary = textAt(model, 'primary');
  const others = Array.isArray(model.fallbacks) ? model.fallbacks.length : 0;
  return primary === undefined ? null : { primary, others };
}

function customProvider(config: JsonObject, model: string | undefined): readonly string[] {
  const provider = model?.split('/')[0] ?? '';
  if (!Object.hasOwn(objectAt(config, 'models', 'providers'), provider)) return [];
  return [`the provider ${provider}: the home defines it itself; define it in the gateway's openclaw.json`];
}

/** Resolves a path as OpenClaw does: `~` is the directory of the user that the home belongs to. */
function pathOf(home: string, variables: Variables, text: string | undefined): string | undefined {
  const resolved = resolveValue(text, variables);
  if (resolved === undefined || 'reason' in resolved) return undefined;
  const user = basename(home) === '.openclaw' ? dirname(home) : homedir();
  return resolve(home, resolved.value.replace(/^~(?=\/|$)/, user));
}
