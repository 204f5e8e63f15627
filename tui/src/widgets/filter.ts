import { createContext, Script } from 'node:vm';

type Matcher = (texts: readonly string[]) => readonly boolean[];

/** Milliseconds for all rows: an expression that steps back again and again would hold the screen for ever. */
const longestMs = 100;
const testing = new Script('texts.map((text) => expression.test(text))');

/**
 * Returns the test of a filter. `!` in front negates it, `~` in front looks for the letters in their order (fuzzy);
 * anything else is a regular expression, or the very text where it is not a valid one or takes too long. Capitals make it mind
 * the case.
 */
export function matcher(filter: string): Matcher {
  if (filter === '' || filter === '!' || filter === '~') return (texts) => texts.map(() => true);
  if (filter.startsWith('!')) {
    const inner = matcher(filter.slice(1));
    return (texts) => inner(texts).map((isMatch) => !isMatch);
  }
  if (filter.startsWith('~')) {
    const wanted = filter.slice(1).toLowerCase();
    return (texts) => texts.map((text) => fuzzyScore(wanted, text.toLowerCase()) !== null);
  }
  const lower = filter.toLowerCase();
  const literal: Matcher = (texts) => texts.map((text) => text.toLowerCase().includes(lower));
  try {
    return expressionMatcher(new RegExp(filter, /\p{Lu}/u.test(filter) ? 'u' : 'iu'), literal);
  } catch {
    // Half-typed expressions are usual while a filter is written: they are taken literally.
    return literal;
  }
}

/** Only a script of its own can be stopped in the middle of an expression. */
function expressionMatcher(expression: RegExp, literal: Matcher): Matcher {
  const given: { readonly expression: RegExp; texts: readonly string[] } = { expression, texts: [] };
  const context = createContext(given);
  let isTooSlow = false;
  return (texts) => {
    if (isTooSlow) return literal(texts);
    given.texts = texts;
    try {
      return testResults(testing.runInContext(context, { timeout: longestMs }));
    } catch {
      // Testing an expression fails by its time limit alone.
      isTooSlow = true;
      return literal(texts);
    }
  };
}

function testResults(value: unknown): readonly boolean[] {
  return Array.isArray(value) ? value.map(Boolean) : [];
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
