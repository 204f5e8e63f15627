import { readPrivate, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import type { OpenClawClient } from '../openclaw/client.ts';
import { type BaseConfigOptions, desiredConfig, firstConfig } from './base-config.ts';
import { type JsonObject, patched, patchOf, pathsOf } from './config-patch.ts';

export type ConfigurationChange =
  /** There was none. */
  | { readonly kind: 'created' }
  /** The named settings differed. */
  | { readonly kind: 'patched'; readonly paths: readonly string[] }
  | { readonly kind: 'unchanged' }
  /** The file has comments or another form that only OpenClaw reads: it is patched once OpenClaw runs. */
  | { readonly kind: 'unread' };

const jsonObject = z.record(z.string(), z.json());

/** Writes OpenClaw's configuration before a start: all of it if there is none, else only what differs from HQ's settings. */
export async function prepareConfiguration(
  file: string,
  options: BaseConfigOptions,
): Promise<ConfigurationChange> {
  const text = await readPrivate(file);
  if (text === undefined) {
    await writeConfig(file, patched({}, firstConfig(options)));
    return { kind: 'created' };
  }
  const parsed = jsonObject.safeParse(parseJson(text));
  if (!parsed.success) return { kind: 'unread' };
  const patch = patchOf(parsed.data, desiredConfig(parsed.data, options));
  if (patch === null) return { kind: 'unchanged' };
  await writeConfig(file, patched(parsed.data, patch));
  return { kind: 'patched', paths: pathsOf(patch) };
}

async function writeConfig(file: string, config: JsonObject): Promise<void> {
  await writePrivate(file, `${JSON.stringify(config, null, 2)}\n`);
}

const runningConfig = z.object({ hash: z.string(), config: jsonObject });

/** Applies HQ's settings through OpenClaw, which reads every form of its configuration. */
export async function patchRunning(
  client: OpenClawClient,
  options: BaseConfigOptions,
  signal: AbortSignal,
): Promise<ConfigurationChange> {
  const { hash, config } = await client.request(runningConfig, { method: 'config.get', signal });
  const patch = patchOf(config, desiredConfig(config, options));
  if (patch === null) return { kind: 'unchanged' };
  const params = {
    raw: JSON.stringify(patch),
    baseHash: hash,
    replacePaths: ['plugins.allow', 'plugins.load.paths'],
  };
  await client.request(z.unknown(), { method: 'config.patch', params, signal });
  return { kind: 'patched', paths: pathsOf(patch) };
}
