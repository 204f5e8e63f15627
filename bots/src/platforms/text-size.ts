/** Returns the characters of all texts in a JSON value that have one of these keys. */
export function textSize(value: unknown, keys: readonly string[]): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + textSize(one, keys), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [key, inner]) => {
    const isText = keys.includes(key) && typeof inner !== 'object';
    return sum + (isText ? String(inner).length : textSize(inner, keys));
  }, 0);
}
