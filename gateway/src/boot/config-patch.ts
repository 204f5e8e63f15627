export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns the smallest merge patch that gives `current` every value of `desired`; null when nothing differs. Null in
 * `desired` means that the key is absent. Arrays are compared and replaced whole.
 */
export function patchOf(current: JsonObject, desired: JsonObject): JsonObject | null {
  const patch: Record<string, Json> = {};
  for (const [key, want] of Object.entries(desired)) {
    if (want === undefined) continue;
    const have = current[key];
    if (want === null) {
      if (have !== undefined && have !== null) patch[key] = null;
    } else if (isObject(want)) {
      const inner = patchOf(isObject(have) ? have : {}, want);
      // Replaces a value of another type, too.
      if (inner !== null) patch[key] = inner;
      else if (have !== undefined && !isObject(have)) patch[key] = {};
    } else if (JSON.stringify(have) !== JSON.stringify(want)) patch[key] = want;
  }
  return Object.keys(patch).length === 0 ? null : patch;
}

/** Returns `current` with a merge patch applied (RFC 7396). */
export function patched(current: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, Json | undefined> = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (isObject(value)) {
      const inner = result[key];
      result[key] = patched(isObject(inner) ? inner : {}, value);
    } else result[key] = value;
  }
  return result;
}

/** Returns the dotted paths that a patch changes, for the log. */
export function pathsOf(patch: JsonObject, prefix = ''): readonly string[] {
  return Object.entries(patch).flatMap(([key, value]) =>
    isObject(value) && Object.keys(value).length > 0
      ? pathsOf(value, `${prefix}${key}.`)
      : [`${prefix}${key}`],
  );
}
