import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, HqError } from '@hq/shared/errors';
import { fileFault } from '@hq/shared/program';
import { type AgentEntry, agentEntries } from './agent-entries.ts';
import { type AgentChannels, channelsOfAgents, unroutedAccounts } from './channel-accounts.ts';
import { type JsonObject, objectAt, textAt } from './json.ts';
import { isNewer, knownSchemas, knownVersion } from './known-version.ts';
import { readConfig } from './read-config.ts';
import { type ProviderKeys, readProviderKeys } from './read-keys.ts';
import { type HomeState, readState } from './read-state.ts';
import { readVariables, type Variables } from './variables.ts';
import { listWorkspace, type Workspace } from './workspace-files.ts';

/** An agent of a home with everything that can come over. */
export interface HomeAgent extends AgentEntry {
  readonly channels: AgentChannels;
  readonly providerKeys: ProviderKeys;
  readonly files: Workspace;
}

/** Everything that an import reads of a home of OpenClaw. It holds values of secrets. */
export interface OpenClawHome {
  readonly path: string;
  /** Version that wrote the configuration last; null where it does not say. */
  readonly version: string | null;
  readonly agents: readonly HomeAgent[];
  readonly state: Pick<HomeState, 'running' | 'cronJobs' | 'otherJobs'>;
  /** Sentences about parts of the whole home that stay. */
  readonly leftOut: readonly string[];
}

/** Reads a home and changes nothing in it. Throws `usage` for one that HQ cannot read. */
export async function readHome(given: string): Promise<OpenClawHome> {
  const path = await findHome(given);
  await refuseGateway(path);
  const config = await readConfig(path);
  const version = textAt(objectAt(config, 'meta'), 'lastTouchedVersion') ?? null;
  if (version !== null && isNewer(version)) throw tooNew(`OpenClaw ${version}`);
  const state = await readState(join(path, 'state', 'openclaw.sqlite'));
  if (state.schema > knownSchemas.state) throw tooNew(`a schema ${state.schema}`);
  const variables = await readVariables(path, config);
  const entries = agentEntries(path, config, variables);
  const channels = channelsOfAgents(config, entries, variables, state.approved);
  const agents: HomeAgent[] = [];
  for (const entry of entries) {
    const providerKeys = await readKeys(entry.agentDirectory, variables);
    if (providerKeys.schema > knownSchemas.agent) throw tooNew(`a schema ${providerKeys.schema}`);
    const files = await listWorkspace(entry.workspace);
    const ofAgent = channels.get(entry.id) ?? { account: null, leftOut: [] };
    agents.push({ ...entry, channels: ofAgent, providerKeys, files });
  }
  return { path, version, agents, state, leftOut: leftOutOf(config, entries, variables) };
}

async function findHome(given: string): Promise<string> {
  try {
    const path = await realpath(given);
    if ((await stat(path)).isDirectory()) return path;
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT' && codeOf(cause) !== 'ENOTDIR') {
      throw new HqError('refused', `${JSON.stringify(given)} cannot be read: ${fileFault(cause)}.`, {
        field: 'home',
        hint: 'Run the command as the user that it belongs to.',
        cause,
      });
    }
  }
  throw new HqError('usage', `${JSON.stringify(given)} is no directory.`, {
    field: 'home',
    hint: 'Name the state directory of OpenClaw, such as ~/.openclaw.',
  });
}

/** Throws for the state of a gateway of HQ, whose agents HQ has already. */
async function refuseGateway(path: string): Promise<void> {
  const found = await stat(join(path, 'hq', 'provisioned')).catch(() => null);
  if (found === null) return;
  throw new HqError('refused', `${JSON.stringify(path)} is the state of a gateway of HQ.`, {
    field: 'home',
    hint: 'Its agents are in HQ already: `hq-tui agents` lists them.',
  });
}

/** A damaged database costs the keys in it, not the agent. */
async function readKeys(agentDirectory: string, variables: Variables): Promise<ProviderKeys> {
  try {
    return await readProviderKeys(agentDirectory, variables);
  } catch (error) {
    if (!(error instanceof HqError)) throw error;
    return { keys: new Map(), leftOut: [`provider keys: ${error.message}`], schema: 0 };
  }
}

/** Sections that come over, or that say nothing of the agents. */
const known = new Set([
  ...[
    'agents',
    'channels',
    'bindings',
    'env',
    'meta',
    'gateway',
    'logging',
    'discovery',
    'update',
    'telemetry',
  ],
  ...['models', 'auth', 'session', 'cron', 'wizard', '$schema'],
]);

function leftOutOf(
  config: JsonObject,
  entries: readonly AgentEntry[],
  variables: Variables,
): readonly string[] {
  const providers = Object.keys(objectAt(config, 'models', 'providers'));
  return [
    'sessions and transcripts: conversations begin anew',
    ...unroutedAccounts(config, entries).map((name) => `${name}: it is routed to no agent`),
    ...(providers.length === 0
      ? []
      : [`models.providers (${providers.join(', ')}): HQ defines no providers`]),
    ...Object.keys(config)
      .filter((key) => !known.has(key))
      .map((key) => `${key}: it belongs to the whole OpenClaw, and HQ has its own settings`),
    ...otherVariables(variables),
  ];
}

function otherVariables(variables: Variables): readonly string[] {
  const names = [...variables.keys()].filter(
    (name) => !/_API_KEY$|^HF_TOKEN$|_BOT_TOKEN$|_APP_TOKEN$/.test(name),
  );
  if (names.length === 0) return [];
  return [`variables ${names.join(', ')}: store those that agents need with \`hq-tui secrets set\``];
}

function tooNew(found: string): HqError {
  return new HqError(
    'refused',
    `This home was written by a newer OpenClaw (${found}) than HQ knows (${knownVersion}).`,
    {
      field: 'home',
      hint: 'Update HQ, then run the import again. Nothing was changed.',
    },
  );
}
