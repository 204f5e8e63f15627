import { type AgentSpec, type AgentsApplied, openClawIdOf } from '@hq/shared/agents';
import { HqError } from '@hq/shared/errors';
import { servedChannels, settleChannels, settleLater } from './channel-changes.ts';
import { changeConfig, untilListed } from './config/change-config.ts';
import { accountsIn, desiredConfig, missingTokens, unexpectedIn } from './config/desired-config.ts';
import { type JsonObject, objectAt } from './config/json.ts';
import { type ConfigPatch, mergePatch, secretsIn } from './config/merge-patch.ts';
import { type AgentsContext, type OnProgress, ownAgents } from './context.ts';
import { createAgain } from './create-again.ts';
import { provisionFiles, worktreeOf } from './provision-files.ts';
import type { ProvisionRecord } from './records/provision-record.ts';
import { finishRemoval } from './remove-agent.ts';

interface Outcome {
  readonly changed: Set<string>;
  readonly needCredential: string[];
  readonly problems: { slug: string; message: string }[];
}

/**
 * Makes the gateway's agents what the specs say: files, records, one patch of OpenClaw's configuration for all of them, then
 * one for the accounts of channels. It never removes an agent. A run that was stopped is completed by the next one.
 */
export async function applyAgents(
  context: AgentsContext,
  specs: readonly AgentSpec[],
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<AgentsApplied> {
  const outcome: Outcome = { changed: new Set(), needCredential: [], problems: [] };
  const { unexpected, accepted } = await context.exclusive(async () => {
    const accepted = await prepareAgents(context, specs, onProgress, outcome);
    const config = await applyEntries(context, accepted, onProgress, outcome.changed, signal);
    const own = new Set((await ownAgents(context)).keys());
    return { unexpected: unexpectedIn(config, own), accepted };
  });
  if ((await settleChannels(context, onProgress, signal)) !== null) settleLater(context);
  else await reportUnserved(context, accepted, outcome);
  const slugs = accepted.map(({ slug }) => slug);
  return {
    applied: slugs.filter((slug) => outcome.changed.has(slug)),
    unchanged: slugs.filter((slug) => !outcome.changed.has(slug)),
    needCredential: outcome.needCredential,
    unexpected: [...unexpected],
    problems: outcome.problems,
  };
}

/**
 * Puts the agents of the last `PUT /agents` back into OpenClaw's configuration after somebody else has changed it. Returns the
 * slugs of those that were not as HQ wants them.
 */
export async function repairAgents(context: AgentsContext): Promise<readonly string[]> {
  const changed = new Set<string>();
  await context.exclusive(async () => {
    const specs = [...context.wanted.values()].map(({ spec }) => spec);
    if (specs.length > 0) await applyEntries(context, specs, () => undefined, changed, undefined);
  });
  if ((await settleChannels(context, () => undefined, undefined, 0)) !== null) settleLater(context);
  return [...changed];
}

async function reportUnserved(
  context: AgentsContext,
  accepted: readonly AgentSpec[],
  { problems }: Outcome,
): Promise<void> {
  const configured = accepted.filter(
    ({ channel }) => channel !== null && missingTokens(channel).length === 0,
  );
  if (configured.length === 0) return;
  const served = await servedChannels(context);
  for (const { slug, channel } of configured) {
    if (channel === null || served.has(channel.name)) continue;
    const message = `This gateway has no plugin for ${channel.name}: the agent works without the channel.`;
    problems.push({ slug, message });
  }
}

/** Prepares files and records. Returns the agents that can be configured; the others are problems. */
async function prepareAgents(
  context: AgentsContext,
  specs: readonly AgentSpec[],
  onProgress: OnProgress,
  { changed, needCredential, problems }: Outcome,
): Promise<readonly AgentSpec[]> {
  const accepted: AgentSpec[] = [];
  const own = await ownAgents(context);
  let count = [...own.values()].filter(isThere).length;
  for (const spec of specs) {
    const id = openClawIdOf(spec.branch);
    const record = own.get(id);
    try {
      assertOwn(spec, record);
      if (record === undefined || !isThere(record)) {
        assertRoom(count, context.mostAgents);
        count += 1;
      }
      if (record?.state === 'removing') await finishRemoval(context, id, record, onProgress);
      const { stateDirectory, provisionRecords } = context;
      const files = { stateDirectory, records: provisionRecords, onStep: onProgress };
      const { hasChanged, kept } = await provisionFiles(spec, files);
      if (kept.length > 0) onProgress(`${spec.slug}: kept ${kept.join(', ')}, which HQ did not write`);
      if (hasChanged) changed.add(spec.slug);
      if (await writeAgentRecord(context, id, spec, needCredential)) changed.add(spec.slug);
      const missing = spec.channel === null ? [] : missingTokens(spec.channel);
      if (missing.length > 0) {
        const message = `Its ${spec.channel?.name} account lacks ${missing.join(' and ')}: store that as a secret of the agent.`;
        problems.push({ slug: spec.slug, message });
      }
      context.wanted.set(id, { id, spec, workspace: worktreeOf(stateDirectory, spec.branch).workspace });
      accepted.push(spec);
    } catch (error) {
      if (!(error instanceof HqError)) throw error;
      const hint = error.hint === undefined ? '' : ` ${error.hint}`;
      problems.push({ slug: spec.slug, message: `${error.message}${hint}` });
    }
  }
  return accepted;
}

function isThere({ state }: ProvisionRecord): boolean {
  return state === 'preparing' || state === 'adopting' || state === 'present';
}

/** Two branches may have the same id in OpenClaw: `a/b-c` and `a-b/c`. */
function assertOwn({ branch }: AgentSpec, record: ProvisionRecord | undefined): void {
  if (record === undefined || record.branch === branch || !isThere(record)) return;
  throw new HqError('conflict', `OpenClaw’s id of ${branch} belongs to ${record.branch}.`, {
    hint: 'Give one of them another slug.',
  });
}

function assertRoom(count: number, most: number): void {
  if (count < most) return;
  throw new HqError('refused', `This gateway has ${count} agents, and no more fit.`, {
    hint: 'Put the agent on another gateway, or remove one here.',
  });
}

/** Writes what the plugin reads. Returns true if it changed. */
async function writeAgentRecord(
  { agentRecords }: AgentsContext,
  id: string,
  spec: AgentSpec,
  needCredential: string[],
): Promise<boolean> {
  const before = await agentRecords.read(id);
  // The credential of a removed agent of that slug is not this one's.
  const token = spec.token ?? (before?.agentId === spec.id ? before.token : undefined);
  if (token === undefined) {
    needCredential.push(spec.slug);
    return false;
  }
  const { slug, branch, allowedHosts } = spec;
  const record = { agentId: spec.id, slug, branch, token, allowedHosts };
  if (JSON.stringify(before) === JSON.stringify(record)) return false;
  await agentRecords.write(id, record);
  return true;
}

/** Applies entries and bindings of all agents in one patch. Returns the configuration afterwards. */
async function applyEntries(
  context: AgentsContext,
  accepted: readonly AgentSpec[],
  onProgress: OnProgress,
  changed: Set<string>,
  signal: AbortSignal | undefined,
): Promise<JsonObject> {
  const openclaw = context.openclaw();
  const ids = new Map(accepted.map((spec) => [openClawIdOf(spec.branch), spec.slug]));
  await createAgain(context, [...ids.keys()], onProgress);
  const settings = await context.settings();
  const wantedIn = (current: JsonObject) =>
    desiredConfig(current, [...context.wanted.values()], [], settings);
  const plan = (current: JsonObject) => {
    const wanted = wantedIn(current);
    const change = mergePatch(current, wanted.agents, context.secrets.isSame);
    const ofChannels = mergePatch(current, wanted.channels, context.secrets.isSame);
    for (const [id, slug] of ids) {
      if (names(change, id) || names(ofChannels, id)) changed.add(slug);
    }
    if (change !== null) onProgress('configuring OpenClaw');
    return change;
  };
  const { config } = await changeConfig(openclaw, plan, signal);
  await context.secrets.record(secretsIn(config, wantedIn(config).agents.value));
  await untilListed(openclaw, [...ids.keys()]);
  return config;
}

/** Returns true if a patch changes the entry or an account of an agent. */
function names(change: ConfigPatch | null, id: string): boolean {
  if (change === null) return false;
  const { patch } = change;
  if (id in objectAt(patch, 'agents', 'entries')) return true;
  return accountsIn(patch, [id]).length > 0;
}
