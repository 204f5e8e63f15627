import { sleep } from '@hq/shared/program';
import { z } from 'zod';
import { busyWith } from './activity.ts';
import { changeConfig, readConfig } from './config/change-config.ts';
import { desiredConfig } from './config/desired-config.ts';
import { isObject, type JsonObject, objectAt } from './config/json.ts';
import { mergePatch, secretsIn } from './config/merge-patch.ts';
import { type AgentsContext, type OnProgress, ownAgents } from './context.ts';
import { request } from './openclaw-calls.ts';

const pollMs = 1_000;

/** Returns what HQ wants of the channels in this configuration. */
async function wantedChannels(context: AgentsContext, config: JsonObject): Promise<JsonObject> {
  const gone: string[] = [];
  for (const [id, { state }] of await ownAgents(context)) {
    if (state === 'removing' || state === 'leaving') gone.push(id);
  }
  return desiredConfig(config, [...context.wanted.values()], gone, await context.settings()).channels.value;
}

/**
 * Changes the accounts of channels, all in one patch. OpenClaw restarts every account of a channel that runs, once no turn
 * runs on the whole gateway: this waits for that moment. Returns what it still waits for after the limit, else null.
 */
export async function settleChannels(
  context: AgentsContext,
  onProgress: OnProgress,
  signal?: AbortSignal,
  limitMs = context.idleWaitMs,
): Promise<string | null> {
  const end = performance.now() + limitMs;
  let reported: string | null = null;
  for (;;) {
    const waitsFor = await context.exclusive(() => changeWhenIdle(context, signal));
    if (waitsFor === null || performance.now() >= end || signal?.aborted === true) return waitsFor;
    if (waitsFor !== reported) onProgress(`the change of a channel waits for ${waitsFor}`);
    reported = waitsFor;
    await sleep(pollMs, signal);
  }
}

const settling = new WeakSet<AgentsContext>();

/** Goes on waiting for the idle moment after the request that wanted the change has ended. */
export function settleLater(context: AgentsContext): void {
  if (settling.has(context)) return;
  settling.add(context);
  settleChannels(context, () => undefined, context.closed, Number.POSITIVE_INFINITY)
    .catch(context.onFault)
    .finally(() => settling.delete(context));
}

async function changeWhenIdle(
  context: AgentsContext,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const openclaw = context.openclaw();
  const { config } = await readConfig(openclaw);
  const first = mergePatch(config, { value: await wantedChannels(context, config) }, context.secrets.isSame);
  if (first !== null) {
    if (touchesRunning(config, first.patch)) {
      const waitsFor = await busyWith(openclaw);
      if (waitsFor !== null) return waitsFor;
    }
    const wanted = await wantedChannels(context, config);
    const plan = (current: JsonObject) => mergePatch(current, { value: wanted }, context.secrets.isSame);
    const changed = await changeConfig(openclaw, plan, signal);
    await context.secrets.record(secretsIn(changed.config, wanted));
  }
  await forgetRemoved(context);
  return null;
}

/** Returns true if a patch changes a channel that has an account already: OpenClaw then restarts its accounts. */
function touchesRunning(config: JsonObject, patch: JsonObject): boolean {
  return Object.keys(objectAt(patch, 'channels')).some((channel) =>
    Object.values(objectAt(config, 'channels', channel, 'accounts')).some(
      (account) => isObject(account) && account.enabled !== false,
    ),
  );
}

const status = z.object({ channelOrder: z.array(z.string()) });

/** Returns the channels of OpenClaw's configuration that a plugin serves. The accounts of others are kept and do nothing. */
export async function servedChannels(context: AgentsContext): Promise<ReadonlySet<string>> {
  const call = { method: 'channels.status', params: {} };
  return new Set((await request(context.openclaw(), status, call)).channelOrder);
}

/** Records that nothing of a removed agent is left in the configuration. */
async function forgetRemoved(context: AgentsContext): Promise<void> {
  for (const [id, record] of await ownAgents(context)) {
    if (record.state === 'leaving') await context.provisionRecords.write(id, { ...record, state: 'removed' });
  }
}
