import { HqError } from '@hq/shared/errors';
import { type Backoff, backoffMs, sleep } from '@hq/shared/program';
import { z } from 'zod';
import { type OpenClaw, request } from '../openclaw-calls.ts';
import type { JsonObject } from './json.ts';
import type { ConfigPatch } from './merge-patch.ts';

/** A change of a channel's accounts waits up to 300 s in OpenClaw. */
const patchMs = 320_000;
const attempts = 12;
/** OpenClaw takes 30 patches in 60 s; a reload takes a second or two. */
const backoff: Backoff = { firstMs: 250, longestMs: 15_000 };

const snapshot = z.object({ hash: z.string(), parsed: z.record(z.string(), z.json()).default({}) });
const roster = z.object({ agents: z.array(z.object({ id: z.string() })) });

/** Returns OpenClaw's configuration as it is written, with secrets hidden. */
export async function readConfig(openclaw: OpenClaw): Promise<{ hash: string; config: JsonObject }> {
  const { hash, parsed } = await request(openclaw, snapshot, { method: 'config.get', params: {} });
  return { hash, config: parsed };
}

/**
 * Applies the patch that `plan` returns for the present configuration; plans again where someone else changed it meanwhile or
 * OpenClaw reloads. Returns the configuration afterwards, and whether a patch was applied.
 */
export async function changeConfig(
  openclaw: OpenClaw,
  plan: (config: JsonObject) => ConfigPatch | null,
  signal?: AbortSignal,
): Promise<{ config: JsonObject; hasChanged: boolean }> {
  let lastRefusal = '';
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    signal?.throwIfAborted();
    const { hash, config } = await readConfig(openclaw);
    const change = plan(config);
    if (change === null) return { config, hasChanged: false };
    const { patch, replacePaths } = change;
    const params = { raw: JSON.stringify(patch), baseHash: hash, replacePaths };
    const answer = await openclaw.call({ method: 'config.patch', params, limitMs: patchMs, signal });
    if (answer.ok) return { config: (await readConfig(openclaw)).config, hasChanged: true };
    lastRefusal = answer.message;
    if (!mayRepeat(answer.code, answer.message)) break;
    await sleep(backoffMs(attempt, backoff), signal);
  }
  throw new HqError('failed', `OpenClaw did not take the change of its configuration: ${lastRefusal}`, {
    hint: 'Run it again. If it is refused again, the gateway’s log has more.',
  });
}

function mayRepeat(code: string, message: string): boolean {
  return code === 'UNAVAILABLE' || /changed since last load|rate limit|retry/i.test(message);
}

/** Waits until OpenClaw lists these agents: it applies a change a moment after it took it. */
export async function untilListed(
  openclaw: OpenClaw,
  ids: readonly string[],
  limitMs = 30_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  let missing = ids;
  while (performance.now() < end) {
    const answer = await openclaw.call({ method: 'agents.list', params: {} });
    const listed = answer.ok ? roster.parse(answer.payload).agents.map(({ id }) => id) : [];
    missing = ids.filter((id) => !listed.includes(id));
    if (missing.length === 0) return;
    await sleep(100);
  }
  throw new HqError('timed_out', `OpenClaw does not list ${missing.join(', ')}.`, {
    hint: 'Run it again; the gateway’s log says why OpenClaw has not loaded its configuration.',
  });
}
