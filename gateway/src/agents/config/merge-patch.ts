import { isObject, type Json, type JsonObject } from './json.ts';

/** Text that OpenClaw shows in the place of a secret. */
const redacted = '__OPENCLAW_REDACTED__';

/** A change of OpenClaw's configuration, as `config.patch` takes it. */
export interface ConfigPatch {
  readonly patch: JsonObject;
  /** Arrays that lose entries: OpenClaw refuses that unless they are named. */
  readonly replacePaths: readonly string[];
}

/** A value that HQ wants. Keys that it does not name stay, unless the object is `exact`. Null means that the key is absent. */
export interface Wanted {
  readonly value: JsonObject;
  /** Paths of the objects in which only the named keys may be, and in all objects below. */
  readonly exact?: ReadonlySet<string>;
}

export type IsSameSecret = (path: string, value: string) => boolean;

/** Returns the smallest patch that gives `current` what is wanted; null when nothing differs. */
export function mergePatch(
  current: JsonObject,
  { value, exact = new Set() }: Wanted,
  isSameSecret: IsSameSecret,
): ConfigPatch | null {
  const replacePaths: string[] = [];

  function difference(
    have: JsonObject,
    want: JsonObject,
    prefix: string,
    isBelowExact: boolean,
  ): JsonObject | null {
    const patch: Record<string, Json> = {};
    const isExact = isBelowExact || exact.has(prefix);
    const extra = isExact ? Object.keys(have).filter((key) => want[key] === undefined) : [];
    for (const key of [...Object.keys(want), ...extra]) {
      const path = prefix === '' ? key : `${prefix}.${key}`;
      const change = changeOf(have[key], want[key] ?? null, path, isExact);
      if (change !== undefined) patch[key] = change;
    }
    return Object.keys(patch).length === 0 ? null : patch;
  }

  function changeOf(have: Json | undefined, want: Json, path: string, isExact: boolean): Json | undefined {
    if (want === null) {
      if (have === undefined || have === null) return undefined;
      replacePaths.push(...arrayPaths(have, path));
      return null;
    }
    // OpenClaw does not answer a patch that changes nothing, and an empty section is like none.
    if (have === undefined && isEmpty(want)) return undefined;
    if (isObject(want)) {
      const inner = difference(isObject(have) ? have : {}, want, path, isExact);
      return inner ?? (isObject(have) ? undefined : {});
    }
    if (typeof want === 'string' && typeof have === 'string' && have.includes(redacted)) {
      return isSameSecret(path, want) ? undefined : want;
    }
    if (JSON.stringify(have) === JSON.stringify(want)) return undefined;
    if (Array.isArray(have)) replacePaths.push(path);
    return want;
  }

  const patch = difference(current, value, '', false);
  return patch === null ? null : { patch, replacePaths };
}

/** Returns true for an object or an array without anything in it. */
function isEmpty(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.values(value).every((inner) => inner !== undefined && isEmpty(inner));
}

/** Returns the paths of the arrays in a value that a patch removes. */
function arrayPaths(value: Json, path: string): readonly string[] {
  if (Array.isArray(value)) return [path];
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    inner === undefined ? [] : arrayPaths(inner, `${path}.${key}`),
  );
}

/** Returns the wanted texts that OpenClaw shows as secrets, by their paths. */
export function secretsIn(current: JsonObject, want: JsonObject, prefix = ''): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(want)) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const have = current[key];
    if (isObject(value) && isObject(have)) {
      for (const [inner, secret] of secretsIn(have, value, path)) found.set(inner, secret);
    } else if (typeof value === 'string' && typeof have === 'string' && have.includes(redacted)) {
      found.set(path, value);
    }
  }
  return found;
}
