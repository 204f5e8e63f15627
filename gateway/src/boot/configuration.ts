import { HqError } from '@hq/shared/errors';
import { readPrivate, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import { runOpenClaw } from '../openclaw/command-line.ts';
import { type BaseConfigOptions, desiredConfig, firstConfig } from './base-config.ts';
import { type JsonObject, patched, patchOf, pathsOf } from './config-patch.ts';

export type ConfigurationChange =
  /** There was none. */
  | { readonly kind: 'created' }
  /** The named settings differed. */
  | { readonly kind: 'patched'; readonly paths: readonly string[] }
  | { readonly kind: 'unchanged' }
  /** The file has comments or another form that only OpenClaw reads. */
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

/** Setting of HQ's by which OpenClaw reads and writes the whole file. */
const rewritingPatch = JSON.stringify({ gateway: { bind: 'loopback' } });

/**
 * Lets OpenClaw write a configuration with comments, of which it reads every form, as plain JSON. It keeps the file with the
 * comments as `openclaw.json.bak`. Throws `failed` for one that it refuses.
 */
export async function writeAsJson(file: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const { code, reason } = await runOpenClaw(['config', 'patch', '--stdin'], {
    env,
    input: rewritingPatch,
    signal,
  });
  if (code === 0 && readsAsJson(await readPrivate(file))) return;
  throw new HqError('failed', `OpenClaw cannot read its configuration ${file}: ${reason}`, {
    hint: 'Repair the file, or put openclaw.json.bak in its place.',
  });
}

const readsAsJson = (text: string | undefined): boolean =>
  jsonObject.safeParse(parseJson(text ?? '')).success;
