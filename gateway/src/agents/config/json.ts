export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectAt(object: JsonObject, ...path: readonly string[]): JsonObject {
  let current = object;
  for (const key of path) {
    const value = current[key];
    if (!isObject(value)) return {};
    current = value;
  }
  return current;
}
