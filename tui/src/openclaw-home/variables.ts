import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { codeOf } from '@hq/shared/errors';
import { secretValueFault } from '@hq/shared/secrets';
import { isObject, type Json, type JsonObject, objectAt } from './json.ts';

/** Values of the variables that the home itself has. */
export type Variables = ReadonlyMap<string, string>;

/** A value of the configuration, or the reason why the home alone does not have it. */
export type Resolved = { readonly value: string } | { readonly reason: string };

/** Reads `.env` of the home, and `env` of its configuration. The environment of OpenClaw's process is not known. */
export async function readVariables(home: string, config: JsonObject): Promise<Variables> {
  const variables = new Map<string, string>();
  const add = (entries: Readonly<Record<string, unknown>>) => {
    for (const [name, value] of Object.entries(entries)) {
      if (typeof value === 'string' && value !== '' && !variables.has(name)) variables.set(name, value);
    }
  };
  try {
    add(parseEnv(await readFile(join(home, '.env'), 'utf8')));
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EISDIR'].includes(codeOf(error) ?? '')) throw error;
  }
  add(objectAt(config, 'env', 'vars'));
  return variables;
}

const reference = /\$?\$\{([A-Z_][A-Z0-9_]*)\}/g;

/** Resolves a text with `${NAME}` in it, or a reference to a secret. Returns undefined where there is no value. */
export function resolveValue(value: Json | undefined, variables: Variables): Resolved | undefined {
  if (isObject(value)) return resolveReference(value, variables);
  if (typeof value !== 'string' || value === '') return undefined;
  const missing: string[] = [];
  const text = value.replace(reference, (found, name: string) => {
    if (found.startsWith('$$')) return found.slice(1);
    const known = variables.get(name);
    if (known === undefined) missing.push(name);
    return known ?? '';
  });
  if (missing.length > 0) return { reason: `the variable ${missing[0]} is not in the home` };
  return secretValueFault(text) === null
    ? { value: text }
    : { reason: 'its value is none that a secret can have' };
}

function resolveReference({ source, id }: JsonObject, variables: Variables): Resolved {
  const name = typeof id === 'string' ? id : '';
  if (source !== 'env') return { reason: `its value is in a store of OpenClaw (${String(source)})` };
  const value = variables.get(name);
  return value === undefined ? { reason: `the variable ${name} is not in the home` } : { value };
}
