/**
 * Returns the test of a filter. `!` in front negates it, `~` in front looks for the letters in their order (fuzzy);
 * anything else is a regular expression, or the very text where it is not a valid one. Capitals make it mind the case.
 */
export function matcher(filter: string): (text: string) => boolean {
  if (filter === '' || filter === '!' || filter === '~') return () => true;
  if (filter.startsWith('!')) {
    const inner = matcher(filter.slice(1));
    return (text) => !inner(text);
  }
  if (filter.startsWith('~')) {
    const wanted = filter.slice(1).toLowerCase();
    return (text) => fuzzyScore(wanted, text.toLowerCase()) !== null;
  }
  const flags = /\p{Lu}/u.test(filter) ? 'u' : 'iu';
  try {
    const expression = new RegExp(filter, flags);
    return (text) => expression.test(text);
  } catch {
    // Half-typed expressions are usual while a filter is written: they are taken literally.
    const literal = filter.toLowerCase();
    return (text) => text.toLowerCase().includes(literal);
  }
}

/** Scores `text` by the letters of `wanted` in their order: lower is better, null for no match. */
export function fuzzyScore(wanted: string, text: string): number | null {
  const whole = text.indexOf(wanted);
  if (whole !== -1) return whole === 0 ? -2 : -1 + whole / 1000;
  let at = -1;
  let score = 0;
  for (const letter of wanted) {
    const next = text.indexOf(letter, at + 1);
    if (next === -1) return null;
    score += next - at - 1;
    at = next;
  }
  return score;
}
