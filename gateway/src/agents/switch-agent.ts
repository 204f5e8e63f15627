import type { AgentSwitched } from '@hq/shared/agents';
import { busyWith } from './activity.ts';
import { settleChannels, settleLater } from './channel-changes.ts';
import { changeConfig, readConfig } from './config/change-config.ts';
import { accountsIn } from './config/desired-config.ts';
import type { JsonObject } from './config/json.ts';
import { mergePatch } from './config/merge-patch.ts';
import type { AgentsContext } from './context.ts';
import { findOwn } from './find-own.ts';
import { stopAgent } from './remove-agent.ts';

/** Stops the channels of an agent at once and aborts its turns. Its account is switched off when the gateway is idle. */
export async function pauseAgent(context: AgentsContext, slug: string): Promise<AgentSwitched> {
  const id = await findOwn(context, slug);
  const abortedTurns = await stopAgent(context, id);
  return { abortedTurns, waitsFor: await setEnabled(context, id, false) };
}

/** Switches the account of an agent on when the gateway is idle; at once where only its channel was stopped. */
export async function resumeAgent(context: AgentsContext, slug: string): Promise<AgentSwitched> {
  const id = await findOwn(context, slug);
  const waitsFor = await setEnabled(context, id, true);
  const openclaw = context.openclaw();
  const { config } = await readConfig(openclaw);
  for (const { channel } of accountsIn(config, [id])) {
    // OpenClaw starts an account by itself when it is switched on; this starts one that was only stopped.
    await openclaw.call({ method: 'channels.start', params: { channel, accountId: id } });
  }
  return { abortedTurns: 0, waitsFor };
}

/** Returns what the change of the account waits for; null where it is done or the agent has none. */
async function setEnabled(
  context: AgentsContext,
  id: string,
  isEnabled: boolean,
): Promise<string | null> {
  const agent = context.wanted.get(id);
  if (agent === undefined) return await context.exclusive(() => changeAccount(context, id, isEnabled));
  const spec = { ...agent.spec, status: isEnabled ? ('ready' as const) : ('paused' as const) };
  context.wanted.set(id, { ...agent, spec });
  const waitsFor = await settleChannels(context, () => undefined, undefined, 0);
  if (waitsFor !== null) settleLater(context);
  return waitsFor;
}

/** Switches an account of which HQ knows no more than the configuration says, as after a start. */
async function changeAccount(context: AgentsContext, id: string, isEnabled: boolean): Promise<string | null> {
  const openclaw = context.openclaw();
  const plan = (config: JsonObject) => {
    const accounts = accountsIn(config, [id]).map(({ channel }) => [
      channel,
      { accounts: { [id]: { enabled: isEnabled } } },
    ]);
    return mergePatch(config, { value: { channels: Object.fromEntries(accounts) } }, () => true);
  };
  if (plan((await readConfig(openclaw)).config) === null) return null;
  const waitsFor = await busyWith(openclaw);
  if (waitsFor === null) await changeConfig(openclaw, plan);
  return waitsFor;
}
