const mostTold = 3;
const shortestPart = 3;

/** Names that a word may misspell or be a part of, the nearest first. */
export function nearestNames(word: string, known: readonly string[]): readonly string[] {
  return known
    .map((one) => ({ one, distance: distance(word, one) }))
    .filter(
      ({ one, distance: far }) =>
        far <= Math.max(1, Math.floor(one.length / 4)) || (word.length >= shortestPart && one.includes(word)),
    )
    .sort((a, b) => a.distance - b.distance)
    .slice(0, mostTold)
    .map(({ one }) => one);
}

/** Damerau–Levenshtein distance: insertions, deletions, substitutions and transpositions. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, sign] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + Number(sign !== other);
      const isExchanged = i > 0 && j > 0 && sign === b[j - 1] && a[i - 1] === other;
      const exchanged = isExchanged ? (before[j - 1] ?? 0) + 1 : changed;
      next.push(Math.min(changed, exchanged, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row.at(-1) ?? 0;
}
