import { type AgentSpec, type AgentsApplied, openClawIdOf } from '@hq/shared/agents';
import { servedChannels, settleChannels, settleLater } from './channel-changes.ts';
import { changeConfig, untilListed } from './config/change-config.ts';
import { accountsIn, desiredConfig, missingTokens, unexpectedIn } from './config/desired-config.ts';
import { type JsonObject, objectAt } from './config/json.ts';
import { type ConfigPatch, mergePatch, secretsIn } from './config/merge-patch.ts';
import { type AgentsContext, type OnProgress, ownAgents } from './context.ts';
import { createAgain } from './create-again.ts';
import { type Outcome, prepareAgents } from './prepare-agents.ts';

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
