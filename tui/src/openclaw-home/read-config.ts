import { open, realpath } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { codeOf, HqError } from '@hq/shared/errors';
import { fileFault } from '@hq/shared/program';
import JSON5 from 'json5';
import { z } from 'zod';
import { isObject, type Json, type JsonObject } from './json.ts';

const largestFile = 8 * 1024 * 1024;
const deepestInclude = 10;
const json = z.json();

/** Reads `openclaw.json` of a home with its includes, as OpenClaw resolves them. Throws `usage` with the file at fault. */
export async function readConfig(home: string): Promise<JsonObject> {
  const config = await readFileAt(home, resolve(home, 'openclaw.json'), []);
  if (isObject(config)) return config;
  throw unusable('openclaw.json', 'it holds no object');
}

async function readFileAt(home: string, path: string, above: readonly string[]): Promise<Json> {
  const name = relative(home, path);
  if (above.length > deepestInclude) throw unusable(name, 'it is included too deeply');
  if (above.includes(path)) throw unusable(name, 'it includes itself');
  const parsed = parse(name, await readText(name, path));
  return await resolveIncludes(parsed, home, path, [...above, path]);
}

async function resolveIncludes(
  value: Json,
  home: string,
  path: string,
  above: readonly string[],
): Promise<Json> {
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value) items.push(await resolveIncludes(item, home, path, above));
    return items;
  }
  if (!isObject(value)) return value;
  let result: Json = {};
  for (const name of includesOf(value.$include, relative(home, path))) {
    const included = await findInclude(home, path, name);
    result = merged(result, await readFileAt(home, included, above));
  }
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$include' || inner === undefined) continue;
    result = merged(result, { [key]: await resolveIncludes(inner, home, path, above) });
  }
  return result;
}

function includesOf(include: Json | undefined, name: string): readonly string[] {
  if (include === undefined) return [];
  const list = Array.isArray(include) ? include : [include];
  return list.map((one) => {
    if (typeof one === 'string' && one !== '' && !one.includes('\0')) return one;
    throw unusable(name, 'an $include names no file');
  });
}

/** Returns the real path of an included file. Throws where it leads out of the home, as OpenClaw refuses it. */
async function findInclude(home: string, from: string, name: string): Promise<string> {
  const path = resolve(dirname(from), name);
  let real: string;
  try {
    real = await realpath(path);
  } catch (cause) {
    throw unusable(relative(home, path), reasonOf(cause), cause);
  }
  const way = relative(home, real);
  if (way !== '..' && !way.startsWith('../')) return real;
  throw unusable(relative(home, from), `its $include of ${JSON.stringify(name)} leads out of the home`);
}

/** Merges as includes do: objects key by key, lists one after the other, and everything else by the later value. */
function merged(under: Json, over: Json): Json {
  if (Array.isArray(under) && Array.isArray(over)) return [...under, ...over];
  if (!isObject(under) || !isObject(over)) return over;
  const result: Record<string, Json | undefined> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (key === '__proto__' || key === 'constructor' || value === undefined) continue;
    const before = result[key];
    result[key] = before === undefined ? value : merged(before, value);
  }
  return result;
}

async function readText(name: string, path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > largestFile) throw unusable(name, 'it is larger than 8 MB');
    return await file.readFile('utf8');
  } catch (cause) {
    if (cause instanceof HqError) throw cause;
    throw unusable(name, reasonOf(cause), cause);
  }
}

/** The reason never repeats the text: it holds tokens. */
function parse(name: string, text: string): Json {
  try {
    return json.parse(JSON5.parse(text));
  } catch (cause) {
    const place = cause instanceof Error && 'lineNumber' in cause ? ` at line ${cause.lineNumber}` : '';
    throw unusable(name, `it is no complete JSON5${place}`);
  }
}

function reasonOf(cause: unknown): string {
  return codeOf(cause) === 'ENOENT' ? 'there is no such file' : fileFault(cause);
}

function unusable(name: string, reason: string, cause?: unknown): HqError {
  return new HqError('usage', `${JSON.stringify(name)} of the home cannot be used: ${reason}.`, {
    field: 'home',
    hint: 'Nothing was changed. `openclaw config validate` says what OpenClaw thinks of it.',
    cause,
  });
}
